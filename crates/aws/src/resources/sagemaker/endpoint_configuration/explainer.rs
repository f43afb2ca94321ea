//! The `explainer_config` of an endpoint configuration: its schema and its form in the API.

use aws_sdk_sagemaker::types::{
    ClarifyExplainerConfig, ClarifyFeatureType, ClarifyInferenceConfig, ClarifyShapBaselineConfig, ClarifyShapConfig,
    ClarifyTextConfig, ClarifyTextGranularity, ClarifyTextLanguage, ExplainerConfig,
};
use smform_types::Type;
use smform_types::schema::{Attribute, Block, Constraint, NestedBlock};

use super::wire::some_texts;
use crate::constraints::{at_least, between, model_uri};
use crate::fields::{Builder, Fields};

pub(super) fn schema() -> Block {
    let text = || Attribute::optional(Type::String).forces_replacement();
    let short = || text().with(Constraint::Length(1, 64));
    let number = || Attribute::optional(Type::Number).forces_replacement();
    let texts = |most: usize| {
        Attribute::optional(Type::list(Type::String)).forces_replacement().with(Constraint::Items(1, most))
    };
    let inference = Block::new(
        [
            ("features_attribute", short()),
            ("content_template", short()),
            ("max_record_count", number().with(at_least(1))),
            ("max_payload_in_mb", number().with(between(1, 25))),
            ("probability_index", number().with(at_least(0))),
            ("label_index", number().with(at_least(0))),
            ("probability_attribute", short()),
            ("label_attribute", short()),
            ("label_headers", texts(16)),
            ("feature_headers", texts(256)),
            ("feature_types", texts(256).with(Constraint::OneOf(&["numerical", "categorical", "text"]))),
        ],
        [],
    );
    let baseline = Block::new(
        [
            ("mime_type", text().with(Constraint::Length(1, 255))),
            ("shap_baseline", text().with(Constraint::Length(1, 4096))),
            ("shap_baseline_uri", text().with(model_uri())),
        ],
        [],
    );
    let granularity = Constraint::OneOf(&["token", "sentence", "paragraph"]);
    let required = || Attribute::required(Type::String).forces_replacement();
    let words = Block::new([("language", required()), ("granularity", required().with(granularity))], []);
    let shap = Block::new(
        [
            ("number_of_samples", number().with(at_least(1))),
            ("use_logit", Attribute::optional(Type::Bool).forces_replacement()),
            ("seed", number()),
        ],
        [
            ("shap_baseline_config", NestedBlock::exactly_one(baseline).forces_replacement()),
            ("text_config", NestedBlock::at_most_one(words).forces_replacement()),
        ],
    );
    let clarify = Block::new(
        [("enable_explanations", short())],
        [
            ("inference_config", NestedBlock::at_most_one(inference).forces_replacement()),
            ("shap_config", NestedBlock::exactly_one(shap).forces_replacement()),
        ],
    );
    Block::new([], [("clarify_explainer_config", NestedBlock::exactly_one(clarify).forces_replacement())])
}

/// The explainer as it is sent.
pub(super) fn config(fields: Fields<'_>) -> ExplainerConfig {
    let clarify = fields.block("clarify_explainer_config").map(|clarify| {
        ClarifyExplainerConfig::builder()
            .set_enable_explanations(clarify.owned("enable_explanations"))
            .set_inference_config(clarify.block("inference_config").map(inference))
            .set_shap_config(clarify.block("shap_config").map(shap))
            .build()
    });
    ExplainerConfig::builder().set_clarify_explainer_config(clarify).build()
}

fn inference(fields: Fields<'_>) -> ClarifyInferenceConfig {
    let types = some_texts(fields, "feature_types");
    ClarifyInferenceConfig::builder()
        .set_features_attribute(fields.owned("features_attribute"))
        .set_content_template(fields.owned("content_template"))
        .set_max_record_count(fields.count("max_record_count"))
        .set_max_payload_in_mb(fields.count("max_payload_in_mb"))
        .set_probability_index(fields.int("probability_index"))
        .set_label_index(fields.int("label_index"))
        .set_probability_attribute(fields.owned("probability_attribute"))
        .set_label_attribute(fields.owned("label_attribute"))
        .set_label_headers(some_texts(fields, "label_headers"))
        .set_feature_headers(some_texts(fields, "feature_headers"))
        .set_feature_types(types.map(|types| types.iter().map(|ty| ClarifyFeatureType::from(ty.as_str())).collect()))
        .build()
}

fn shap(fields: Fields<'_>) -> ClarifyShapConfig {
    let baseline = fields.block("shap_baseline_config").map(|baseline| {
        ClarifyShapBaselineConfig::builder()
            .set_mime_type(baseline.owned("mime_type"))
            .set_shap_baseline(baseline.owned("shap_baseline"))
            .set_shap_baseline_uri(baseline.owned("shap_baseline_uri"))
            .build()
    });
    let words = fields.block("text_config").map(|words| {
        ClarifyTextConfig::builder()
            .set_language(words.text("language").map(ClarifyTextLanguage::from))
            .set_granularity(words.text("granularity").map(ClarifyTextGranularity::from))
            .build()
    });
    ClarifyShapConfig::builder()
        .set_shap_baseline_config(baseline)
        .set_number_of_samples(fields.count("number_of_samples"))
        .set_use_logit(fields.flag("use_logit"))
        .set_seed(fields.int("seed"))
        .set_text_config(words)
        .build()
}

/// The explainer as the service describes it.
pub(super) fn describe<'b>(block: Builder<'b>, config: &ExplainerConfig) -> Builder<'b> {
    block.blocks("clarify_explainer_config", config.clarify_explainer_config(), |block, clarify| {
        block
            .text("enable_explanations", clarify.enable_explanations())
            .blocks("inference_config", clarify.inference_config(), describe_inference)
            .blocks("shap_config", clarify.shap_config(), describe_shap)
    })
}

fn describe_inference<'b>(block: Builder<'b>, config: &ClarifyInferenceConfig) -> Builder<'b> {
    let types: Vec<String> = config.feature_types().iter().map(|ty| ty.as_str().to_owned()).collect();
    block
        .text("features_attribute", config.features_attribute())
        .text("content_template", config.content_template())
        .int("max_record_count", config.max_record_count())
        .int("max_payload_in_mb", config.max_payload_in_mb())
        .int("probability_index", config.probability_index())
        .int("label_index", config.label_index())
        .text("probability_attribute", config.probability_attribute())
        .text("label_attribute", config.label_attribute())
        .texts("label_headers", config.label_headers())
        .texts("feature_headers", config.feature_headers())
        .texts("feature_types", &types)
}

fn describe_shap<'b>(block: Builder<'b>, config: &ClarifyShapConfig) -> Builder<'b> {
    block
        .int("number_of_samples", config.number_of_samples())
        .flag("use_logit", config.use_logit())
        .int("seed", config.seed())
        .blocks("shap_baseline_config", config.shap_baseline_config(), |block, baseline| {
            block
                .text("mime_type", baseline.mime_type())
                .text("shap_baseline", baseline.shap_baseline())
                .text("shap_baseline_uri", baseline.shap_baseline_uri())
        })
        .blocks("text_config", config.text_config(), |block, words| {
            block
                .text("language", words.language().map(ClarifyTextLanguage::as_str))
                .text("granularity", words.granularity().map(ClarifyTextGranularity::as_str))
        })
}
