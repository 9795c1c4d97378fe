// cargo add apptoken; with the variables of env
use apptoken::api::user;
use apptoken::{Error, Provider};

fn main() -> Result<(), Error> {
    let provider = Provider::from_env()?;
    let me = provider.call(user::Get::default())?;
    println!("{}", me.id);
    Ok(())
}
