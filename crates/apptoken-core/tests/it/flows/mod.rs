//! The flows of administration on a model of the server, undisturbed and under every fault at every step.

mod audit;
mod provision;
mod revoke;
mod rotate;
mod world;
