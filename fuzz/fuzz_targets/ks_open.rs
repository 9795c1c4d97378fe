//! See `apptoken_fuzz::ks_open`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    apptoken_fuzz::ks_open(input);
});
