//! See `apptoken_fuzz::administration`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    apptoken_fuzz::administration(input);
});
