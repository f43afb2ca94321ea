//! Schemas as JSON: what `providers schema -json` prints.

use serde_json::{Map, Value as Json, json};
use smform_engine::providers::Providers;
use smform_provider::Provider;
use smform_types::ResourceMode;
use smform_types::json::type_to_json;
use smform_types::schema::{Attribute, Block, NestedBlock, Nesting, Schema};

use super::{functions, object};

/// The provider that is part of the language.
const BUILT_IN: &str = "terraform.io/builtin/terraform";

/// The schemas of providers: of those that are wanted.
#[must_use]
pub fn providers(providers: &Providers, wanted: impl Fn(&str) -> bool) -> Json {
    let found = providers.iter().filter(|found| wanted(found.source()));
    let schemas: Map<String, Json> = found.map(|found| (found.source().to_owned(), provider(found.as_ref()))).collect();
    object([
        ("format_version", Some("1.0".into())),
        ("provider_schemas", (!schemas.is_empty()).then_some(Json::Object(schemas))),
    ])
}

fn provider(provider: &dyn Provider) -> Json {
    let of_mode = |mode| {
        let schemas = provider
            .type_names(mode)
            .into_iter()
            .filter_map(|name| provider.resource_schema(mode, name).map(|found| (name.to_owned(), schema(found))));
        let schemas: Map<String, Json> = schemas.collect();
        (!schemas.is_empty()).then_some(Json::Object(schemas))
    };
    object([
        // The built-in provider takes no arguments, which is not the same as having none.
        (
            "provider",
            Some(match provider.source() == BUILT_IN {
                true => json!({ "version": provider.schema().version }),
                false => schema(provider.schema()),
            }),
        ),
        ("resource_schemas", of_mode(ResourceMode::Managed)),
        ("data_source_schemas", of_mode(ResourceMode::Data)),
        ("functions", (provider.source() == BUILT_IN).then(functions::of_builtin)),
    ])
}

fn schema(schema: &Schema) -> Json {
    json!({ "version": schema.version, "block": block(&schema.block) })
}

fn text(text: &str) -> Option<Json> {
    (!text.is_empty()).then(|| text.into())
}

fn when(flag: bool) -> Option<Json> {
    flag.then_some(Json::Bool(true))
}

fn block(block: &Block) -> Json {
    let (arguments, blocks): (Vec<_>, Vec<_>) = block.blocks.iter().partition(|(_, nested)| nested.as_argument);
    let arguments = arguments.into_iter().map(|(name, nested)| ((*name).to_owned(), attribute(&nested.attribute())));
    let attributes = block.attributes.iter().map(|(name, attribute)| ((*name).to_owned(), self::attribute(attribute)));
    let attributes = attributes.chain(arguments);
    let blocks = blocks.into_iter().map(|(name, nested)| ((*name).to_owned(), self::nested(nested)));
    let (attributes, blocks): (Map<String, Json>, Map<String, Json>) = (attributes.collect(), blocks.collect());
    object([
        ("attributes", (!attributes.is_empty()).then_some(Json::Object(attributes))),
        ("block_types", (!blocks.is_empty()).then_some(Json::Object(blocks))),
        ("description", text(block.description)),
        ("description_kind", Some("plain".into())),
    ])
}

fn attribute(attribute: &Attribute) -> Json {
    object([
        ("type", Some(type_to_json(&attribute.ty.without_optional()))),
        ("description", text(attribute.description)),
        ("description_kind", Some("plain".into())),
        ("deprecated", when(attribute.deprecated.is_some())),
        ("required", when(attribute.required)),
        ("optional", when(attribute.optional)),
        ("computed", when(attribute.computed)),
        ("sensitive", when(attribute.sensitive)),
        ("write_only", when(attribute.write_only)),
    ])
}

fn nested(nested: &NestedBlock) -> Json {
    let nesting = match nested.nesting {
        Nesting::Single => "single",
        Nesting::List => "list",
        Nesting::Set => "set",
        Nesting::Map => "map",
    };
    let count = |items: usize| (items > 0).then(|| items.into());
    object([
        ("nesting_mode", Some(nesting.into())),
        ("block", Some(block(&nested.block))),
        ("min_items", count(nested.min_items)),
        ("max_items", count(nested.max_items).filter(|_| nested.nesting != Nesting::Single)),
    ])
}
