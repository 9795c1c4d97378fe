//! See `apptoken_fuzz::endpoint`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    apptoken_fuzz::endpoint(input);
});
