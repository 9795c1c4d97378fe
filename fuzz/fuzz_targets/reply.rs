//! See `apptoken_fuzz::reply`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    apptoken_fuzz::reply(input);
});
