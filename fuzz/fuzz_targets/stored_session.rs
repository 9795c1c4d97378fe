//! See `apptoken_fuzz::stored_session`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    apptoken_fuzz::stored_session(input);
});
