//! `data "aws_availability_zones"`: the zones of a region.

use async_trait::async_trait;
use smform_provider::{Context, DataSource, ProviderError};
use smform_types::schema::{Attribute, Block, Constraint, Schema};
use smform_types::{Type, Value};

use super::filters::{filter_block, filters};
use crate::clients::Clients;
use crate::failure::{Service, failed};
use crate::fields::{Builder, Fields, with};
use crate::shared::{data_region, read_timeouts};

/// The data source.
pub(crate) struct AvailabilityZonesData {
    schema: Schema,
}

impl AvailabilityZonesData {
    pub(crate) fn new() -> AvailabilityZonesData {
        let told = || Attribute::computed(Type::list(Type::String));
        let set = || Attribute::optional(Type::set(Type::String));
        let states = Constraint::OneOf(&["available", "information", "impaired", "unavailable"]);
        let block = Block::new(
            [
                ("id", Attribute::computed(Type::String).describe("The region.")),
                ("all_availability_zones", Attribute::optional(Type::Bool)),
                ("state", Attribute::optional(Type::String).with(states)),
                ("exclude_names", set()),
                ("exclude_zone_ids", set()),
                ("region", data_region()),
                ("names", told().describe("The names, sorted.")),
                ("zone_ids", told().describe("The ids, in the order of the names.")),
                ("group_names", Attribute::computed(Type::set(Type::String))),
            ],
            [("filter", filter_block()), ("timeouts", read_timeouts())],
        );
        AvailabilityZonesData { schema: Schema { version: 0, block } }
    }
}

#[async_trait]
impl DataSource<Clients> for AvailabilityZonesData {
    fn name(&self) -> &'static str {
        "aws_availability_zones"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    async fn read(&self, config: &Value, cx: &Context<'_, Clients>) -> Result<Value, ProviderError> {
        let fields = Fields(config);
        let region = cx.clients.region_of(config);
        let asked = filters(config, &[("state", fields.text("state"))]);
        let answer = cx
            .clients
            .ec2(region)
            .describe_availability_zones()
            .set_filters((!asked.is_empty()).then_some(asked))
            .set_all_availability_zones(fields.flag("all_availability_zones"))
            .send()
            .await
            .map_err(failed(Service::Ec2, "DescribeAvailabilityZones"))
            .map_err(|failure| failure.into_error("The availability zones could not be read"))?;
        let (without_names, without_ids) = (fields.texts("exclude_names"), fields.texts("exclude_zone_ids"));
        let of = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let zones = answer.availability_zones().iter();
        let mut zones: Vec<(String, String, String)> = zones
            .map(|zone| (of(zone.zone_name()), of(zone.zone_id()), of(zone.group_name())))
            .filter(|(name, id, _)| !without_names.contains(name) && !without_ids.contains(id))
            .collect();
        zones.sort();
        let list = |pick: fn(&(String, String, String)) -> &String| {
            Value::list(Type::String, zones.iter().map(|zone| Value::string(pick(zone))))
        };
        let groups = Value::set(Type::String, zones.iter().map(|(_, _, group)| Value::string(group)));
        let told = Builder::new(&self.schema.block)
            .text("id", Some(region))
            .text("region", Some(region))
            .value("names", list(|zone| &zone.0))
            .value("zone_ids", list(|zone| &zone.1))
            .value("group_names", groups)
            .finish();
        let given = ["all_availability_zones", "state", "exclude_names", "exclude_zone_ids", "filter", "timeouts"];
        Ok(given.iter().fold(told, |told, name| match config.get(name) {
            Some(value) => with(told, name, value.clone()),
            None => told,
        }))
    }
}
