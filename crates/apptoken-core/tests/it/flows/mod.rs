//! Flows on the fake server: administration, without faults and with every fault at every request, and uploads.

mod audit;
mod clearing;
mod proof;
mod provision;
mod revoke;
mod rotate;
mod settings;
mod upload;
mod verify;
mod world;
