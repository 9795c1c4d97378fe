//! See `apptoken_fuzz::privileges`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    apptoken_fuzz::privileges(input);
});
