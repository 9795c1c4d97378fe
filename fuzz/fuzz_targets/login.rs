//! See `apptoken_fuzz::login`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    apptoken_fuzz::login(input);
});
