//! Questions of categories, and rules that look at their answers.

use super::faults::found;

/// The faults of these questions, asked about potholes, and of this condition.
fn check(questions: &str, condition: &str) -> Vec<String> {
    let last = "  acknowledge_within: 2d\n  resolve_within: 10d\n- code: pothole";
    let asked = format!("  acknowledge_within: 2d\n  resolve_within: 10d\n  questions:\n{questions}- code: pothole");
    let when = format!("when: {condition}");
    found(&[("catalogue.yaml", last, &asked), ("routing.yaml", "when: {type: category, any_of: [roads]}", &when)])
}

const QUESTIONS: &str = "    - {code: extent, label: {fr: Quoi ?, en: What?}, type: choice, choices: [{code: lamp, label: {fr: Un, en: One}}]}
    - {code: width, label: {fr: Large ?, en: Wide?}, type: number, min: 0, max: 90, unit: {fr: cm, en: cm}}
    - {code: blocked, label: {fr: Bloqué ?, en: Blocked?}, type: yes_no}
    - {code: since, label: {fr: Depuis ?, en: Since?}, type: date, past: true, required: true}
";

#[test]
fn sound_questions_and_rules_pass() {
    let none = Vec::<String>::new();
    for condition in [
        "{type: answer, category: roads, question: extent, any_of: [lamp]}",
        "{type: answer, category: roads, question: blocked, any_of: [yes]}",
        "{type: answer, category: roads, question: width, at_least: 5, at_most: 20}",
    ] {
        assert_eq!(check(QUESTIONS, condition), none, "{condition}");
    }
}

#[test]
fn what_a_question_cannot_be_is_found() {
    let questions = "    - {code: extent, label: {fr: Quoi ?, en: What?}, type: choice}
    - {code: extent, label: {fr: Quoi ?, en: What?}, type: text, choices: [{code: lamp, label: {fr: Un, en: One}}]}
    - {code: width, label: {fr: Large ?, en: Wide?}, type: number, min: 9, max: 3, past: true}
    - {code: blocked, label: {fr: Bloqué ?, en: Blocked?}, type: yes_no, min: 1, unit: {fr: cm, en: cm}}
    - {code: depth, label: {fr: Profond ?, en: Deep?}, type: number, max: 9999999999}
    - {code: Length, label: {fr: Long ?, en: Long?}, type: size}
";
    assert_eq!(
        check(questions, "{type: category, any_of: [roads]}"),
        [
            "catalogue.yaml:12: [roads].questions[Length].code: « Length » is not a code: 1 to 60 of a-z, 0-9, _ and -, \
             beginning with a letter",
            "catalogue.yaml:12: [roads].questions[Length].type: « size » is not one of: text, number, choice, choices, \
             date, yes_no",
        ]
    );
    let (sound, _) = questions.split_once("    - {code: Length").unwrap();
    assert_eq!(
        check(sound, "{type: category, any_of: [roads]}"),
        [
            "catalogue.yaml:7: [roads].questions[extent]: needs `choices`: what can be chosen",
            "catalogue.yaml:8: [roads].questions[extent].code: the question « extent » stands here a second time",
            "catalogue.yaml:8: [roads].questions[extent].choices: only a question of type choice or choices has choices",
            "catalogue.yaml:9: [roads].questions[width].max: is less than `min`, 9",
            "catalogue.yaml:9: [roads].questions[width].past: only a day can be past",
            "catalogue.yaml:10: [roads].questions[blocked].min: only a number has bounds",
            "catalogue.yaml:10: [roads].questions[blocked].unit: only a number has a unit",
            "catalogue.yaml:11: [roads].questions[depth].max: is greater than 1000000000",
        ]
    );
}

#[test]
fn of_what_is_not_kept_nothing_is_asked() {
    let signpost = "sensitivity: signpost_only\n  emergency: {message: {fr: A, en: A}, numbers: [{number: \"17\", label: \
                    {fr: P, en: P}}]}\n  questions: [{code: who, label: {fr: Qui ?, en: Who?}, type: text}]";
    assert_eq!(
        found(&[("catalogue.yaml", "sensitivity: standard", signpost)]),
        ["catalogue.yaml:5: [roads].questions: of a signpost_only category nothing is kept: nothing is asked"]
    );
}

#[test]
fn what_a_rule_cannot_ask_of_an_answer_is_found() {
    for (condition, fault) in [
        ("category: rods, question: extent, any_of: [lamp]", ".category: there is no category « rods »"),
        (
            "category: pothole, question: extent, any_of: [lamp]",
            ".question: the category « Pothole » (pothole) has no question « extent »",
        ),
        ("category: roads, question: extent, any_of: [post]", ".any_of[0]: « post » is not one of: lamp"),
        ("category: roads, question: extent", ": needs `any_of`, a list of: lamp"),
        ("category: roads, question: blocked, any_of: [perhaps]", ".any_of[0]: « perhaps » is not one of: yes, no"),
        (
            "category: roads, question: blocked, at_least: 1",
            ": `at_least` and `at_most` are for numbers: write `any_of`",
        ),
        ("category: roads, question: width", ": needs `at_least` or `at_most`: the answer is a number"),
        (
            "category: roads, question: width, any_of: [lamp]",
            ".any_of: the answer is a number: write `at_least`, `at_most` or both",
        ),
        (
            "category: roads, question: since, any_of: [lamp]",
            ".question: a rule can look at a number, at a choice, or at yes and no: not at words or days",
        ),
        ("question: extent, any_of: [lamp]", ".category: is missing"),
    ] {
        let found = check(QUESTIONS, &format!("{{type: answer, {condition}}}"));
        assert_eq!(found, [format!("routing.yaml:3: [voirie].when{fault}")], "{condition}");
    }
}
