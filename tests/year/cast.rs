//! Who plays: the people of Amiens, each with habits of their own. Nothing is drawn by chance: whoever is asked twice does
//! the same.

/// How a service deals with what it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// Takes in hand, goes there, says so.
    Prompt,
    /// Looks at its list every sixth week.
    Slow,
    /// Never looks at it.
    Silent,
    /// Sends half of it away, or on, as not its own.
    Wrong,
    /// Works, but its mailbox is gone.
    Unreachable,
    /// Works, and answers by e-mail before it does.
    Writes,
}

/// A service of the city.
#[derive(Debug)]
pub struct Service {
    pub code: &'static str,
    pub mailbox: &'static str,
    pub member: &'static str,
    pub habit: Habit,
}

const fn service(code: &'static str, mailbox: &'static str, member: &'static str, habit: Habit) -> Service {
    Service { code, mailbox, member, habit }
}

/// The services whose members have accounts.
pub const SERVICES: [Service; 14] = [
    service("voirie", "voirie@ville-amiens.example", "julien.lefevre", Habit::Prompt),
    service("proprete", "proprete@ville-amiens.example", "amelie.petit", Habit::Prompt),
    service("dechets", "dechets@amiens-metropole.example", "olivier.duval", Habit::Prompt),
    service("espaces-verts", "espaces-verts@ville-amiens.example", "laure.caron", Habit::Prompt),
    service("eclairage", "eclairage@ville-amiens.example", "hugo.dubois", Habit::Prompt),
    service("police-municipale", "police-municipale@ville-amiens.example", "bruno.leclercq", Habit::Prompt),
    service("brigade-verte", "brigade-verte@ville-amiens.example", "mehdi.bernard", Habit::Prompt),
    service("regulation", "regulation@ville-amiens.example", "nadia.fournier", Habit::Prompt),
    service("eau", "eau@amiens-metropole.example", "camille.tellier", Habit::Unreachable),
    service("stationnement", "stationnement@ville-amiens.example", "ines.garnier", Habit::Slow),
    service("urbanisme", "urbanisme@ville-amiens.example", "marc.roussel", Habit::Silent),
    service("hygiene", "hygiene@ville-amiens.example", "helene.prevost", Habit::Wrong),
    service("ccas", "ccas@ville-amiens.example", "fatou.diallo", Habit::Writes),
    service("mediation", "mediation@ville-amiens.example", "samira.benali", Habit::Writes),
];

/// The partners that have links instead of accounts: code, mailbox.
pub const PARTNERS: [(&str, &str); 2] = [
    ("bailleur", "tranquillite@habitat-beffroi.example"),
    ("police-nationale", "commissariat-amiens@police-nationale.example"),
];

/// The officers who listen: who, and how they are called.
pub const OFFICERS: [(&str, &str); 4] = [
    ("claire.delattre", "Claire Delattre"),
    ("karim.haddad", "Karim Haddad"),
    ("elodie.lemaire", "Élodie Lemaire"),
    ("thomas.vasseur", "Thomas Vasseur"),
];

/// The officer whose mailbox answers by itself in August, and does not say that it is a machine.
pub const ON_LEAVE: &str = "thomas.vasseur";

/// The service whose mailbox does the same.
pub const ANSWERS_BY_ITSELF: &str = "mediation";

/// The dispatcher.
pub const DISPATCHER: &str = "nadia.fournier";

/// The dispatcher's desk.
pub const DESK: &str = "regulation";

/// Who leads services, and which.
pub const MANAGER: (&str, [&str; 2]) = ("denis.marchand", ["proprete", "dechets"]);

/// A sector: a place in it, and its streets.
pub struct Sector {
    pub at: (f64, f64),
    pub streets: [&'static str; 3],
}

pub const SECTORS: [Sector; 5] = [
    Sector { at: (49.9121, 2.2972), streets: ["Rue du Pigeonnier", "Place du Pays d’Auge", "Rue Léo Lagrange"] },
    Sector { at: (49.8942, 2.2957), streets: ["Rue des Trois Cailloux", "Place Gambetta", "Rue Delambre"] },
    Sector { at: (49.8950, 2.3300), streets: ["Rue de Verdun", "Boulevard de Beauvillé", "Rue Jules Barni"] },
    Sector { at: (49.8980, 2.2500), streets: ["Rue du Maréchal Foch", "Avenue du Languedoc", "Rue de Rouen"] },
    Sector { at: (49.8760, 2.3100), streets: ["Rue de Cagny", "Avenue de la Paix", "Rue Simone Signoret"] },
];

/// What people talk about, and how often in a hundred.
pub const TALK: [(&str, usize); 23] = [
    ("illegal_dumping", 11),
    ("pothole", 9),
    ("street_light_out", 7),
    ("graffiti", 6),
    ("parking_nuisance", 9),
    ("tree_hedge", 5),
    ("resident_parking", 4),
    ("abandoned_land", 3),
    ("pests", 5),
    ("water_drain", 5),
    ("overflowing_bin", 5),
    ("dog_fouling", 3),
    ("traffic_calming", 3),
    ("neighbour_dispute", 5),
    ("neighbour_noise", 3),
    ("hall_occupation", 5),
    ("vulnerable_person", 2),
    ("unfit_housing", 2),
    ("squat", 1),
    ("officer_complaint", 1),
    ("admin_info", 2),
    ("pm_careers", 3),
    ("drug_dealing", 1),
];

/// What only those who have to know of it see.
pub fn restricted(category: &str) -> bool {
    let kept =
        ["neighbour_dispute", "neighbour_noise", "hall_occupation", "vulnerable_person", "unfit_housing", "squat"];
    kept.contains(&category) || category == "officer_complaint"
}

/// Who is competent for what another service sent away.
pub fn competent(category: &str) -> &'static str {
    match category {
        "pests" => "proprete",
        "hall_occupation" | "neighbour_noise" => "mediation",
        _ => "police-municipale",
    }
}

/// How a resident deals with e-mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Temper {
    /// Says that it is solved.
    Content,
    /// Says that it is not.
    Unhappy,
    /// Says that it is not, and wants it done, once.
    Insists,
    /// Never says anything.
    Quiet,
    /// Wants no more mails after the first one.
    WantsNoMail,
    /// Answers by e-mail.
    Writes,
    /// Has a machine answer that says what it is.
    Away,
    /// Has an address that the mail server does not know.
    Unknown,
    /// Has an address that another server reports as unknown, later.
    Moved,
}

/// The temper of a resident.
pub fn temper(resident: usize) -> Temper {
    match resident % 40 {
        0..=13 => Temper::Content,
        14..=18 => Temper::Unhappy,
        19..=22 => Temper::Insists,
        23..=32 => Temper::Quiet,
        33 | 34 => Temper::WantsNoMail,
        35 | 36 => Temper::Writes,
        37 => Temper::Away,
        38 => Temper::Unknown,
        _ => Temper::Moved,
    }
}

/// The address of a resident.
pub fn address(resident: usize) -> String {
    format!("habitante.{resident}@mail.example")
}

/// The resident who has that address.
pub fn resident_at(address: &str) -> Option<usize> {
    address.strip_prefix("habitante.")?.strip_suffix("@mail.example")?.parse().ok()
}

/// A number under a hundred, always the same for the same thing about the same one.
pub fn dice(one: usize, about: &str) -> usize {
    // FNV-1a, then the finalizer of SplitMix64.
    let bytes = one.to_le_bytes().into_iter().chain(about.bytes());
    let mut state = bytes
        .fold(0xcbf2_9ce4_8422_2325_u64, |state, byte| (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    usize::try_from((state ^ (state >> 31)) % 100).unwrap()
}
