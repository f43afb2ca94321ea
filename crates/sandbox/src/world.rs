//! The imitated account's data: one part per region, each with its services' resources.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::{self, Anchor};
use crate::seed;
use crate::services::{cloudwatch, ec2, iam, logs, sagemaker, scaling};
use crate::settings::Settings;

/// The format that this version writes and reads.
const VERSION: u32 = 1;

/// The account that every request belongs to.
pub const ACCOUNT: &str = "123456789012";

/// Everything that is saved.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct World {
    version: u32,
    pub clock: Anchor,
    pub settings: Settings,
    pub regions: BTreeMap<String, Region>,
    /// What belongs to no region.
    #[serde(default)]
    pub account: Account,
}

/// The resources of the account that belong to no region.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Account {
    pub iam: iam::state::State,
}

/// The resources of one region.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Region {
    pub sagemaker: sagemaker::state::State,
    pub ec2: ec2::state::State,
    #[serde(default)]
    pub scaling: scaling::State,
    #[serde(default)]
    pub cloudwatch: cloudwatch::State,
    #[serde(default)]
    pub logs: logs::State,
}

impl World {
    /// A fresh world; a region is filled when it is first used.
    pub(crate) fn new(clock: Anchor) -> World {
        let mut account = Account::default();
        seed::account(&mut account);
        World { version: VERSION, clock, settings: Settings::default(), regions: BTreeMap::new(), account }
    }

    /// The world itself, or what makes it unusable.
    pub(crate) fn checked(mut self) -> Result<World, String> {
        if self.version != VERSION {
            return Err(format!("its format is version {}, this program reads version {VERSION}", self.version));
        }
        if !clock::is_speed(self.clock.speed()) {
            return Err("the speed of its clock is not a usable number".to_owned());
        }
        // What earlier versions saved has no roles but those that were made.
        seed::account(&mut self.account);
        self.settings.problem().map_or(Ok(self), Err)
    }

    /// The settings, a region, seeded if it has not been used before, and what belongs to no region.
    pub(crate) fn region(&mut self, name: &str) -> (&Settings, &mut Region, &mut Account) {
        if !self.regions.contains_key(name) {
            self.regions.insert(name.to_owned(), seed::region(name));
        }
        (&self.settings, self.regions.entry(name.to_owned()).or_default(), &mut self.account)
    }
}
