//! What a query will read, before it runs: Athena bills by the compressed size of the objects that lie in
//! the partitions asked for, and S3 can list those.

use super::dollars;
use crate::accesslog::names;
use crate::accesslog::sql::Table;
use crate::say;
use crate::sources::aws::access_logs::objects::{self, Place};
use crate::sources::aws::actions::Action;
use crate::sources::aws::call::Aws;
use crate::sources::aws::context::Price;
use crate::text::Text;
use crate::time::Window;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;

/// What a query is expected to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Estimate {
    Known {
        bytes: u64,
        objects: usize,
    },
    /// There are more objects than were listed.
    AtLeast {
        bytes: u64,
        objects: usize,
    },
    /// The table or its objects could not be looked at, and why.
    Unknown(String),
}

impl Estimate {
    /// At least so much, in US dollars, where it is known.
    pub fn dollars(&self) -> Option<f64> {
        match self {
            Self::Known { bytes, .. } | Self::AtLeast { bytes, .. } => Some(dollars(*bytes)),
            Self::Unknown(_) => None,
        }
    }

    /// For the ceiling: what is not known never counts as free.
    pub(super) fn price(&self) -> Price {
        let (usd, at_least, words) = match self {
            Self::Known { bytes, .. } => (dollars(*bytes), false, "the query in Athena".to_owned()),
            Self::AtLeast { bytes, objects } => (dollars(*bytes), true, format!("the query in Athena, over more than {objects} objects,")),
            Self::Unknown(why) => (dollars(0), true, format!("the query in Athena, of unknown size ({why}),")),
        };
        Price { metrics: 0, usd, at_least, words }
    }

    /// The size and the price in one sentence.
    pub fn words(&self) -> Text {
        let size = |bytes: u64| (format!("{:.1}", bytes as f64 / 1e9), format!("{:.4}", dollars(bytes)));
        match self {
            Self::Known { bytes, objects } => {
                let (gb, usd) = size(*bytes);
                say!(
                    "it will read about {gb} GB in {objects} objects, about ${usd} at the list price",
                    "sẽ đọc khoảng {gb} GB trong {objects} object, khoảng ${usd} theo giá niêm yết"
                )
            }
            Self::AtLeast { bytes, objects } => {
                let (gb, usd) = size(*bytes);
                say!(
                    "it will read more than {gb} GB in {objects} objects, more than ${usd} at the list price",
                    "sẽ đọc hơn {gb} GB trong {objects} object, hơn ${usd} theo giá niêm yết"
                )
            }
            Self::Unknown(why) => {
                let usd = super::USD_A_TERABYTE;
                say!(
                    "how much it will read could not be found out ({why}); a terabyte costs about ${usd}",
                    "không biết trước sẽ đọc bao nhiêu ({why}); một terabyte tốn khoảng ${usd}"
                )
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    table_metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    #[serde(default)]
    parameters: BTreeMap<String, String>,
}

/// Sizes up a question about `window` (or about all time) without asking it.
pub async fn estimate(aws: &Aws, table: &str, window: Option<Window>) -> Estimate {
    let Some(table) = Table::read(table) else { return Estimate::Unknown("it is no table".into()) };
    let database = table.database.as_deref().unwrap_or("default");
    let asked = json!({ "CatalogName": "AwsDataCatalog", "DatabaseName": database, "TableName": table.name });
    match aws.json::<Answer>(Action::AthenaGetTable, &asked).await {
        Ok(answer) => listed(aws, &answer.table_metadata.parameters, window).await,
        Err(error) => Estimate::Unknown(error.to_string()),
    }
}

async fn listed(aws: &Aws, parameters: &BTreeMap<String, String>, window: Option<Window>) -> Estimate {
    let (mut bytes, mut objects, mut whole) = (0, 0, true);
    let Some(places) = places(parameters, window) else { return Estimate::Unknown("the table names no place in S3".into()) };
    for place in places {
        match objects::sizes(aws, &place).await {
            Ok((size, count, all)) => (bytes, objects, whole) = (bytes + size, objects + count, whole && all),
            Err(error) => return Estimate::Unknown(error.to_string()),
        }
    }
    if whole { Estimate::Known { bytes, objects } } else { Estimate::AtLeast { bytes, objects } }
}

/// The folders that the partitions asked for lie in; the whole table's if its days are not told apart.
fn places(parameters: &BTreeMap<String, String>, window: Option<Window>) -> Option<Vec<Place>> {
    let by_day = parameters.get("storage.location.template").filter(|t| t.contains("${day}"));
    match (by_day, window) {
        (Some(template), Some(window)) => {
            names::days(window).iter().map(|day| Place::read(&template.replace("${day}", day.trim_end_matches('/')))).collect()
        }
        _ => Some(vec![Place::read(parameters.get("location")?)?]),
    }
}
