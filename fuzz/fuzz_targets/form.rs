//! See `apptoken_fuzz::form`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    apptoken_fuzz::form(input);
});
