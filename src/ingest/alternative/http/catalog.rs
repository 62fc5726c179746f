//! The descriptions that come with the program, and those of the user.

use std::path::Path;

use super::description::SourceDescription;
use super::source_error::SourceError;

/// Name and text of each shipped description.
const SHIPPED: [(&str, &str); 7] = [
    ("binance_funding", include_str!("../../../../series_sources/binance_funding.yaml")),
    ("coin_metrics", include_str!("../../../../series_sources/coin_metrics.yaml")),
    ("defillama_tvl", include_str!("../../../../series_sources/defillama_tvl.yaml")),
    ("fear_and_greed", include_str!("../../../../series_sources/fear_and_greed.yaml")),
    ("glassnode", include_str!("../../../../series_sources/glassnode.yaml")),
    ("nansen", include_str!("../../../../series_sources/nansen.yaml")),
    ("news_sentiment", include_str!("../../../../series_sources/news_sentiment.yaml")),
];

/// Every shipped description, by name.
///
/// # Errors
/// Never: a test reads them all.
pub fn shipped() -> Result<Vec<SourceDescription>, SourceError> {
    SHIPPED.iter().map(|(name, text)| SourceDescription::parse(text, name)).collect()
}

/// The shipped description of that name, or the one in the file of that path.
///
/// # Errors
/// When there is none, or it is not valid.
pub fn source(name_or_path: &str) -> Result<SourceDescription, SourceError> {
    if let Some((name, text)) = SHIPPED.iter().find(|(name, _)| *name == name_or_path) {
        return SourceDescription::parse(text, name);
    }
    let path = Path::new(name_or_path);
    let is_path = path.components().count() > 1
        || path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
    if !is_path {
        let known: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
        return Err(SourceError::Unknown {
            name: name_or_path.to_owned(),
            known: known.join(", "),
        });
    }
    let text = std::fs::read_to_string(path)
        .map_err(|source| SourceError::Read { path: name_or_path.to_owned(), source })?;
    SourceDescription::parse(&text, name_or_path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_description_is_valid_and_called_as_its_file() {
        for (name, description) in SHIPPED.iter().map(|(name, _)| name).zip(shipped().unwrap()) {
            assert_eq!(description.name, **name);
            assert_eq!(source(name).unwrap(), description);
        }
        assert!(source("glasnode").unwrap_err().to_string().contains("glassnode"));
        let absent = source("./no/such.yaml").unwrap_err();
        assert!(absent.is_usage() && absent.to_string().contains("./no/such.yaml"));
    }
}
