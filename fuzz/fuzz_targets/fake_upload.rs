//! See `apptoken_fuzz::fake_upload`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    apptoken_fuzz::fake_upload(input);
});
