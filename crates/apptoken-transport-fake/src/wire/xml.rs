//! XML, the default format.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};

use crate::error::ApiError;
use crate::output::{Output, Record};
use crate::php::Value;
use crate::php::cast::to_text;

type Xml = Writer<Vec<u8>>;

/// The reported execution time. It is fixed so that replies are reproducible.
const EXECUTION_TIME: &str = "0.001";

/// The XML document of a result.
pub(crate) fn document(result: impl FnOnce(&mut Xml) -> io::Result<()>) -> String {
    format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>{}", bare_document(result))
}

/// The document without its XML declaration, which the fast path of `session.start` omits.
pub(crate) fn bare_document(result: impl FnOnce(&mut Xml) -> io::Result<()>) -> String {
    let mut xml = Writer::new(Vec::new());
    // Writing to memory cannot fail.
    let _ = element(&mut xml, "xml", |xml| {
        element(xml, "result", result)?;
        text_element(xml, "executionTime", EXECUTION_TIME)
    });
    String::from_utf8(xml.into_inner()).unwrap_or_default()
}

pub(crate) fn write(xml: &mut Xml, output: &Output, ignore_null: bool) -> io::Result<()> {
    match output {
        Output::Null | Output::File(_) => Ok(()),
        Output::Bool(value) => text(xml, if *value { "1" } else { "0" }),
        Output::Int(number) => text(xml, &number.to_string()),
        Output::Float(number) => text(xml, &to_text(&Value::Float(*number))),
        Output::Text(value) => text(xml, value),
        Output::Object(record) => write_record(xml, record, ignore_null),
        Output::List(items) => write_items(xml, items, ignore_null),
        Output::Map(items) => write_map(xml, items, ignore_null),
        Output::Error(error) => write_error(xml, error),
        Output::Shared(output) => write(xml, output, ignore_null),
    }
}

pub(crate) fn write_items(xml: &mut Xml, items: &[Output], ignore_null: bool) -> io::Result<()> {
    items.iter().try_for_each(|item| element(xml, "item", |xml| write(xml, item, ignore_null)))
}

/// The server writes `objectType` first, and null properties as empty elements.
fn write_record(xml: &mut Xml, record: &Record, ignore_null: bool) -> io::Result<()> {
    text_element(xml, "objectType", &record.class)?;
    if !ignore_null {
        text_element(xml, "relatedObjects", "")?;
    }
    let shown = record.properties.iter().filter(|(_, value)| !(ignore_null && matches!(value, Output::Null)));
    for (name, value) in shown {
        element(xml, name, |xml| write(xml, value, ignore_null))?;
    }
    Ok(())
}

/// The server writes an associative array as items with their keys.
fn write_map(xml: &mut Xml, items: &[(String, Output)], ignore_null: bool) -> io::Result<()> {
    items.iter().try_for_each(|(name, value)| {
        element(xml, "item", |xml| {
            text_element(xml, "itemKey", name)?;
            write(xml, value, ignore_null)
        })
    })
}

fn write_error(xml: &mut Xml, error: &ApiError) -> io::Result<()> {
    element(xml, "error", |xml| {
        text_element(xml, "code", &error.code)?;
        text_element(xml, "message", &error.message())?;
        text_element(xml, "objectType", "KalturaAPIException")?;
        element(xml, "args", |xml| {
            error.args().try_for_each(|(name, value)| {
                element(xml, "item", |xml| {
                    text_element(xml, "objectType", "KalturaApiExceptionArg")?;
                    text_element(xml, "name", name)?;
                    text_element(xml, "value", &value)
                })
            })
        })
    })
}

fn text_element(xml: &mut Xml, name: &str, value: &str) -> io::Result<()> {
    element(xml, name, |xml| text(xml, value))
}

fn element(xml: &mut Xml, name: &str, content: impl FnOnce(&mut Xml) -> io::Result<()>) -> io::Result<()> {
    xml.write_event(Event::Start(BytesStart::new(name)))?;
    content(xml)?;
    xml.write_event(Event::End(BytesEnd::new(name)))
}

fn text(xml: &mut Xml, value: &str) -> io::Result<()> {
    if value.is_empty() { Ok(()) } else { xml.write_event(Event::Text(BytesText::new(value))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_properties_are_omitted_only_with_ignore_null() {
        let record: Output = Record::new("X", [("a", "<&'\">".into()), ("b", Output::Null), ("c", true.into())]).into();
        assert_eq!(
            document(|xml| write(xml, &record, false)),
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><xml><result><objectType>X</objectType><relatedObjects></relatedObjects><a>&lt;&amp;&apos;&quot;&gt;</a><b></b><c>1</c></result><executionTime>0.001</executionTime></xml>"
        );
        assert!(document(|xml| write(xml, &record, true)).contains("<result><objectType>X</objectType><a>"));
    }

    #[test]
    fn an_error_is_inside_the_result() {
        assert_eq!(
            bare_document(|xml| write(xml, &Output::Error(crate::error::INVALID_WIDGET_ID.with(&["x"])), false)),
            "<xml><result><error><code>INVALID_WIDGET_ID</code><message>Unknown widget [x]</message><objectType>KalturaAPIException</objectType><args><item><objectType>KalturaApiExceptionArg</objectType><name>WIDGET_ID</name><value>x</value></item></args></error></result><executionTime>0.001</executionTime></xml>"
        );
    }
}
