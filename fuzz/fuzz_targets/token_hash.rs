//! See `apptoken_fuzz::token_hash`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    apptoken_fuzz::token_hash(input);
});
