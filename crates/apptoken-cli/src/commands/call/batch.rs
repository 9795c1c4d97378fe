//! Many calls from JSON lines, several in one request.

use std::io::{self, BufRead as _};
use std::process::ExitCode;

use apptoken::{Batch, Error};
use serde_json::{Map, Value, json};

use super::action::NamedAction;
use super::select::Selection;
use crate::console::Console;
use crate::failure::Failure;
use crate::setup::connect::Caller;
use crate::show::json;

/// Calls in one request. The server runs them one after another, within the time limit of a request.
const CALLS_PER_REQUEST: usize = 50;

/// Writes a line for each call, in order: its result or its error.
pub(super) fn run(caller: &Caller, selection: Option<&Selection>, console: &Console) -> Result<ExitCode, Failure> {
    let mut lines = io::stdin().lock().lines().enumerate();
    let (mut done, mut failed) = (0_u64, 0_u64);
    let mut code = ExitCode::SUCCESS;
    loop {
        let mut calls = Vec::new();
        for (number, line) in lines.by_ref() {
            let line = line.map_err(|error| Failure::usage(format!("cannot read standard input: {error}")))?;
            if !line.trim().is_empty() {
                calls.push(parse(number + 1, &line)?);
            }
            if calls.len() == CALLS_PER_REQUEST {
                break;
            }
        }
        if calls.is_empty() {
            break;
        }
        for result in send(caller, &calls)? {
            done += 1;
            if let Err(error) = &result {
                failed += 1;
                code = ExitCode::from(Failure::from(error.clone()).code());
            }
            json::write_line(console, &shown(result, selection))?;
        }
        let calls = if done == 1 { "call" } else { "calls" };
        console.progress(&format!("{done} {calls}, {failed} failed"));
    }
    console.end_progress();
    Ok(code)
}

/// The messages contain nothing of the line, which can hold secrets.
fn parse(number: usize, line: &str) -> Result<NamedAction, Failure> {
    let wrong = || {
        Failure::usage(format!("line {number} of standard input is not a call"))
            .cure(r#"write an object such as {"service":"media","action":"get","entryId":"1_ab12cd34"}"#)
    };
    let mut parameters: Map<String, Value> = serde_json::from_str(line).map_err(|_| wrong())?;
    let mut name = |key: &str| match parameters.remove(key) {
        Some(Value::String(name)) => Ok(name),
        _ => Err(wrong()),
    };
    let (service, action) = (name("service")?, name("action")?);
    NamedAction::of(&service, &action, parameters).ok_or_else(wrong)
}

fn send(caller: &Caller, calls: &[NamedAction]) -> Result<Vec<Result<Value, Error>>, Failure> {
    let mut batch = Batch::new(caller.endpoint().clone());
    if let Some(ks) = caller.ks()? {
        batch = batch.with_ks(ks);
    }
    let tickets = calls.iter().map(|call| batch.push(call)).collect::<Result<Vec<_>, _>>()?;
    let mut results = caller.run(batch)?;
    Ok(tickets.into_iter().map(|ticket| results.take(ticket)).collect())
}

fn shown(result: Result<Value, Error>, selection: Option<&Selection>) -> Value {
    match (result, selection) {
        (Ok(result), None) => json!({"result": result}),
        (Ok(result), Some(selection)) => {
            let mut selected = selection.of(&result);
            let one = selected.len() == 1;
            json!({"result": if one { selected.remove(0) } else { selected.into() }})
        }
        (Err(error), _) => {
            json!({"error": {"code": error.code(), "message": error.to_string(), "do": error.advice()}})
        }
    }
}
