//! Texts in cells of tables.

/// A text as a cell. What a spreadsheet would take for a formula begins with an apostrophe (OWASP, CSV injection): at the
/// beginning of a text, and after whatever a spreadsheet with other settings takes for the end of a cell.
pub(crate) fn text(text: &str) -> String {
    let mut cell = String::with_capacity(text.len());
    let mut begins = true;
    for c in text.chars() {
        if begins && matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠') {
            cell.push('\'');
        }
        if cell.is_empty() && matches!(c, '\t' | '\r' | '\n') {
            cell.push('\'');
        }
        begins = matches!(c, ';' | ',' | '\t' | '\r' | '\n' | '"') || (begins && c == ' ');
        cell.push(c);
    }
    cell
}
