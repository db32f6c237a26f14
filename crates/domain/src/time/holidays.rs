//! The public holidays of France and its territories, computed for any year. The territories are those of the public
//! data set « Jours fériés en France » (data.gouv.fr); those of the Pacific, which it gives the days of metropolitan
//! France only, also have the days of their own labour codes.
//!
//! Deliberately absent: days off by custom (Mardi gras and mid-Lent in the Antilles, Good Friday in Martinique). A
//! calendar lists those in `closed` or `closures`.

use chrono::{Datelike, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::language::Language;

/// Which public holidays a calendar keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Holidays {
    /// The eleven of metropolitan France (Code du travail L3133-1).
    Metropolitan,
    /// Those, Good Friday and 26 December (L3134-13).
    AlsaceMoselle,
    /// The eleven, and the abolition of slavery on 27 May (L3422-2).
    Guadeloupe,
    /// The eleven, and the abolition of slavery on 22 May (L3422-2).
    Martinique,
    /// The eleven, and the abolition of slavery on 10 June (L3422-2).
    Guyane,
    /// The eleven, and the abolition of slavery on 20 December (L3422-2).
    LaReunion,
    /// The eleven, and the abolition of slavery on 27 April (L3422-2).
    Mayotte,
    /// The eleven, and the abolition of slavery on 9 October (L3422-2).
    SaintBarthelemy,
    /// The eleven, and the abolition of slavery on 28 May, until 2017 on 27 May (L3422-2).
    SaintMartin,
    /// The eleven (L3133-1).
    SaintPierreEtMiquelon,
    /// The eleven, and the Citizenship Day on 24 September (labour code of New Caledonia).
    NouvelleCaledonie,
    /// The eleven, the Arrival of the Gospel on 5 March, Good Friday and Matari'i on 20 November, which has replaced
    /// the Autonomy Day of 29 June since 2025 (labour code of French Polynesia).
    PolynesieFrancaise,
    /// The eleven, Saint Peter Chanel on 28 April, Saints Peter and Paul on 29 June and the Territory Day on 29 July.
    WallisEtFutuna,
    /// None but the days listed in `closed` and `closures`.
    None,
}

macro_rules! holiday {
    ($($(#[$doc:meta])* $name:ident: $fr:literal, $en:literal;)*) => {
        /// A public holiday.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Holiday {
            $($(#[$doc])* $name,)*
        }

        impl Holiday {
            /// What people call it.
            #[must_use]
            pub const fn name(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$name, Language::Fr) => $fr, (Self::$name, Language::En) => $en,)*
                }
            }
        }
    };
}

holiday! {
    /// 1 January.
    NewYear: "Jour de l’an", "New Year’s Day";
    /// 5 March, French Polynesia.
    Gospel: "Arrivée de l’Évangile", "Arrival of the Gospel";
    /// The Friday before Easter.
    GoodFriday: "Vendredi saint", "Good Friday";
    /// The day after Easter.
    EasterMonday: "Lundi de Pâques", "Easter Monday";
    /// 28 April, Wallis and Futuna.
    PeterChanel: "Saint Pierre Chanel", "Saint Peter Chanel’s Day";
    /// 1 May.
    LabourDay: "Fête du Travail", "Labour Day";
    /// 8 May.
    Victory: "Victoire 1945", "Victory in Europe Day";
    /// The fortieth day of Easter.
    Ascension: "Ascension", "Ascension Day";
    /// The day after Pentecost.
    WhitMonday: "Lundi de Pentecôte", "Whit Monday";
    /// On the day of each territory that knew slavery.
    Abolition: "Abolition de l’esclavage", "Abolition of Slavery";
    /// 29 June, Wallis and Futuna.
    PeterAndPaul: "Saints Pierre et Paul", "Saints Peter and Paul’s Day";
    /// 29 June, French Polynesia.
    Autonomy: "Fête de l’autonomie", "Autonomy Day";
    /// 14 July.
    NationalDay: "Fête nationale", "National Day";
    /// 29 July, Wallis and Futuna.
    Territory: "Fête du territoire", "Territory Day";
    /// 15 August.
    Assumption: "Assomption", "Assumption Day";
    /// 24 September, New Caledonia.
    Citizenship: "Fête de la citoyenneté", "Citizenship Day";
    /// 1 November.
    AllSaints: "Toussaint", "All Saints’ Day";
    /// 11 November.
    Armistice: "Armistice 1918", "Armistice Day";
    /// 20 November, French Polynesia.
    Matarii: "Matari’i i ni’a", "Matari’i i ni’a";
    /// 25 December.
    Christmas: "Noël", "Christmas Day";
    /// 26 December, Alsace-Moselle.
    SaintStephen: "Saint-Étienne", "Saint Stephen’s Day";
}

impl Holidays {
    /// The holiday that a day is. When two fall on one day, as Ascension and 1 May did in 2008, one of them.
    #[must_use]
    pub fn on(self, day: NaiveDate) -> Option<Holiday> {
        match self {
            Self::None => None,
            kept => metropolitan(day).or_else(|| kept.own(day)),
        }
    }

    /// The days that a territory keeps besides the eleven.
    fn own(self, day: NaiveDate) -> Option<Holiday> {
        let date = (day.month(), day.day());
        match self {
            Self::Metropolitan | Self::SaintPierreEtMiquelon | Self::None => None,
            Self::AlsaceMoselle => (date == (12, 26)).then_some(Holiday::SaintStephen).or_else(|| good_friday(day)),
            Self::Guadeloupe => (date == (5, 27)).then_some(Holiday::Abolition),
            Self::Martinique => (date == (5, 22)).then_some(Holiday::Abolition),
            Self::Guyane => (date == (6, 10)).then_some(Holiday::Abolition),
            Self::LaReunion => (date == (12, 20)).then_some(Holiday::Abolition),
            Self::Mayotte => (date == (4, 27)).then_some(Holiday::Abolition),
            Self::SaintBarthelemy => (date == (10, 9)).then_some(Holiday::Abolition),
            Self::SaintMartin => {
                let kept = if day.year() < 2018 { (5, 27) } else { (5, 28) };
                (date == kept).then_some(Holiday::Abolition)
            }
            Self::NouvelleCaledonie => (date == (9, 24)).then_some(Holiday::Citizenship),
            Self::PolynesieFrancaise => match date {
                (3, 5) => Some(Holiday::Gospel),
                (6, 29) if day.year() < 2025 => Some(Holiday::Autonomy),
                (11, 20) if day.year() >= 2025 => Some(Holiday::Matarii),
                _ => good_friday(day),
            },
            Self::WallisEtFutuna => match date {
                (4, 28) => Some(Holiday::PeterChanel),
                (6, 29) => Some(Holiday::PeterAndPaul),
                (7, 29) => Some(Holiday::Territory),
                _ => None,
            },
        }
    }
}

/// The eleven of metropolitan France (Code du travail L3133-1).
fn metropolitan(day: NaiveDate) -> Option<Holiday> {
    match (day.month(), day.day()) {
        (1, 1) => Some(Holiday::NewYear),
        (5, 1) => Some(Holiday::LabourDay),
        (5, 8) => Some(Holiday::Victory),
        (7, 14) => Some(Holiday::NationalDay),
        (8, 15) => Some(Holiday::Assumption),
        (11, 1) => Some(Holiday::AllSaints),
        (11, 11) => Some(Holiday::Armistice),
        (12, 25) => Some(Holiday::Christmas),
        _ => match days_after_easter(day) {
            1 => Some(Holiday::EasterMonday),
            39 => Some(Holiday::Ascension),
            50 => Some(Holiday::WhitMonday),
            _ => None,
        },
    }
}

fn good_friday(day: NaiveDate) -> Option<Holiday> {
    (days_after_easter(day) == -2).then_some(Holiday::GoodFriday)
}

fn days_after_easter(day: NaiveDate) -> i64 {
    (day - easter(day.year())).num_days()
}

/// Easter Sunday of a year of the Gregorian calendar (the "anonymous" algorithm, Nature, 20 April 1876).
#[allow(clippy::many_single_char_names, reason = "the names of the published algorithm")]
fn easter(year: i32) -> NaiveDate {
    // The dates of Easter repeat after 5 700 000 years; so the years before our era have theirs too.
    let cycle = year.rem_euclid(5_700_000);
    let a = cycle % 19;
    let (b, c) = (cycle / 100, cycle % 100);
    let f = (b + 8) / 25;
    let h = (19 * a + b - b / 4 - (b - f + 1) / 3 + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    let (month, day) = (n / 31, n % 31 + 1);
    let date = u32::try_from(month).ok().zip(u32::try_from(day).ok());
    date.and_then(|(month, day)| NaiveDate::from_ymd_opt(year, month, day))
        .expect("the algorithm gives a day of March or April for every year from 0 on")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All holidays of a year, as `MM-DD`.
    fn days(holidays: Holidays, year: i32) -> Vec<String> {
        let days = NaiveDate::from_ymd_opt(year, 1, 1).unwrap().iter_days().take_while(|day| day.year() == year);
        days.filter(|day| holidays.on(*day).is_some()).map(|day| day.format("%m-%d").to_string()).collect()
    }

    #[test]
    fn easter_falls_where_the_almanacs_say() {
        for (year, month, day) in [(2024, 3, 31), (2025, 4, 20), (2026, 4, 5), (2027, 3, 28), (2038, 4, 25)] {
            assert_eq!(easter(year), NaiveDate::from_ymd_opt(year, month, day).unwrap());
        }
        assert!(easter(-1).month() <= 4);
    }

    #[test]
    fn metropolitan_france_has_eleven() {
        let kept = "01-01 04-06 05-01 05-08 05-14 05-25 07-14 08-15 11-01 11-11 12-25";
        assert_eq!(days(Holidays::Metropolitan, 2026).join(" "), kept);
        assert_eq!(days(Holidays::SaintPierreEtMiquelon, 2026), days(Holidays::Metropolitan, 2026));
        assert!(days(Holidays::None, 2026).is_empty());
    }

    #[test]
    fn each_territory_adds_its_own() {
        let own = |holidays, year| {
            let metropolitan = days(Holidays::Metropolitan, year);
            let mut days = days(holidays, year);
            days.retain(|day| !metropolitan.contains(day));
            days.join(" ")
        };
        for (holidays, year, expected) in [
            (Holidays::AlsaceMoselle, 2026, "04-03 12-26"),
            (Holidays::Guadeloupe, 2026, "05-27"),
            (Holidays::Martinique, 2026, "05-22"),
            (Holidays::Guyane, 2026, "06-10"),
            (Holidays::LaReunion, 2026, "12-20"),
            (Holidays::Mayotte, 2026, "04-27"),
            (Holidays::SaintBarthelemy, 2026, "10-09"),
            (Holidays::SaintMartin, 2026, "05-28"),
            (Holidays::SaintMartin, 2017, "05-27"),
            (Holidays::NouvelleCaledonie, 2026, "09-24"),
            (Holidays::PolynesieFrancaise, 2024, "03-05 03-29 06-29"),
            (Holidays::PolynesieFrancaise, 2026, "03-05 04-03 11-20"),
            (Holidays::WallisEtFutuna, 2026, "04-28 06-29 07-29"),
        ] {
            assert_eq!(own(holidays, year), expected, "{holidays:?} {year}");
        }
    }

    #[test]
    fn holidays_have_names_in_both_languages() {
        let day = NaiveDate::from_ymd_opt(2026, 5, 25).unwrap();
        let holiday = Holidays::Metropolitan.on(day).unwrap();
        assert_eq!([Language::Fr, Language::En].map(|l| holiday.name(l)), ["Lundi de Pentecôte", "Whit Monday"]);
    }
}
