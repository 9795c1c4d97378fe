//! Adds, changes, lists and removes stored objects, and sets how uploads become ready.

use apptoken_transport_fake::Uploads;

use super::{Content, ControlError, ControlRequest};

pub(super) fn handle(request: &ControlRequest<'_>) -> Result<Content, ControlError> {
    match request.method {
        "GET" => Ok(Content::Text(request.fake.objects())),
        "POST" => {
            let ids = request.fake.add_objects(request.text()?);
            ids.map(Content::Text).map_err(|why| ControlError::new(400, why.to_string()))
        }
        "DELETE" => {
            request.fake.clear_objects();
            Ok(Content::None)
        }
        _ => Err(request.not_allowed("GET, POST, DELETE")),
    }
}

pub(super) fn remove(request: &ControlRequest<'_>, service: &str, id: &str) -> Result<Content, ControlError> {
    if request.method != "DELETE" {
        return Err(request.not_allowed("DELETE"));
    }
    match request.fake.remove_object(service, id) {
        Ok(true) => Ok(Content::None),
        Ok(false) => Err(ControlError::new(404, "no object of this service has that id")),
        Err(why) => Err(ControlError::new(404, why.to_string())),
    }
}

pub(super) fn uploads(request: &ControlRequest<'_>) -> Result<Content, ControlError> {
    if request.method != "POST" {
        return Err(request.not_allowed("POST"));
    }
    request.fake.set_uploads(request.json::<Uploads>()?);
    Ok(Content::None)
}
