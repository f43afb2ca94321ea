//! The providers that the binary brings along.

use std::sync::Arc;

use smform_engine::providers::Providers;
use smform_provider::Provider;

/// Every provider, not yet configured; AWS is reached as `settings` say.
pub(crate) fn all(settings: smform_aws::Settings) -> Providers {
    let aws: Arc<dyn Provider> = Arc::new(smform_aws::provider(settings));
    let others: [Arc<dyn Provider>; 3] =
        [Arc::new(smform_utility::random()), Arc::new(smform_utility::null()), Arc::new(smform_utility::time())];
    Providers::new([aws].into_iter().chain(others))
}

#[cfg(test)]
mod tests {
    use super::*;
    use smform_provider::reference;
    use smform_types::ResourceMode;
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::Path;

    const FOLDERS: [&str; 3] = ["providers", "resources", "data-sources"];

    /// Every reference page by its path below `docs/`.
    fn pages() -> BTreeMap<String, String> {
        let mut pages = BTreeMap::new();
        let providers = all(smform_aws::Settings::default());
        for provider in providers.iter() {
            // One that has nothing to be told has no page.
            if !provider.schema().block.attributes.is_empty() {
                let name = provider.source().rsplit('/').next().unwrap_or_default();
                pages.insert(format!("providers/{name}.md"), reference::provider_page(name, provider.schema()));
            }
            for (mode, folder) in [(ResourceMode::Managed, "resources"), (ResourceMode::Data, "data-sources")] {
                for name in provider.type_names(mode) {
                    let schema = provider.resource_schema(mode, name).unwrap();
                    pages.insert(format!("{folder}/{name}.md"), reference::page(mode, name, schema));
                }
            }
        }
        pages
    }

    fn stored(docs: &Path) -> BTreeMap<String, String> {
        let mut stored = BTreeMap::new();
        for folder in FOLDERS {
            for entry in fs::read_dir(docs.join(folder)).into_iter().flatten().map(Result::unwrap) {
                let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
                stored.insert(path, fs::read_to_string(entry.path()).unwrap());
            }
        }
        stored
    }

    /// `cargo xtask docs` runs this test with the variable set, so that it writes what it would compare.
    #[test]
    fn the_reference_pages_say_what_the_schemas_say() {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
        if std::env::var_os("SMFORM_WRITE_REFERENCE").is_some() {
            for folder in FOLDERS {
                let _ = fs::remove_dir_all(docs.join(folder));
                fs::create_dir_all(docs.join(folder)).unwrap();
            }
            pages().into_iter().for_each(|(path, text)| fs::write(docs.join(path), text).unwrap());
        }
        let (pages, stored) = (pages(), stored(&docs));
        let outdated: Vec<&String> = pages
            .iter()
            .filter(|(path, text)| stored.get(*path) != Some(text))
            .map(|(path, _)| path)
            .chain(stored.keys().filter(|path| !pages.contains_key(*path)))
            .collect();
        assert!(outdated.is_empty(), "run `cargo xtask docs`; outdated: {outdated:?}");
    }
}
