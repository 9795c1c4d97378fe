//! The provider on the model of the server.

mod basics;
mod budgets;
mod callbacks;
mod calls;
mod events;
mod file_store;
mod interleavings;
mod many;
mod month;
mod policies;
mod processes;
mod rotation;
mod rotation_procedure;
mod stops;
mod stores;
mod support;
mod threads;
