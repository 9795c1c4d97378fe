//! The administration flows on the fake server, without faults and with every fault at every request.

mod audit;
mod provision;
mod revoke;
mod rotate;
mod verify;
mod world;
