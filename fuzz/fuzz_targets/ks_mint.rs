//! See `apptoken_fuzz::ks_mint`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    apptoken_fuzz::ks_mint(input);
});
