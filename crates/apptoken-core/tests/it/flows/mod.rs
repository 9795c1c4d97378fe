//! The administration flows on the fake server, without faults and with every fault at every request.

mod audit;
mod clearing;
mod proof;
mod provision;
mod revoke;
mod rotate;
mod verify;
mod world;
