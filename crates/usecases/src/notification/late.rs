//! Each working morning, those who look after tickets are told what is late. Who is told is settled in the morning; what
//! they are told, when the e-mail is written.

use domain::id::MessageId;
use domain::notification::{ListRhythm, is_due, morning_of};
use store::Error;
use store::outbox::Message;

use crate::{Context, of};

/// Puts the lists of this morning in the outbox, once, if anything is late. Returns how many. Any number of instances may
/// do this at once.
///
/// # Errors
/// When the database does not answer: it is still to be done.
pub async fn tell_late(cx: &Context) -> Result<usize, Error> {
    let Ok(loaded) = cx.city() else { return Ok(0) };
    let (city, now) = (of(&loaded), cx.now());
    let desk = city.service(&city.settings.dispatcher_desk).and_then(|desk| city.calendar(&desk.calendar));
    let (day, is_morning) = morning_of(desk, now);
    if !is_morning || !is_due(desk, day, false) {
        return Ok(0);
    }
    let tx = cx.store.begin().await?;
    if !tx.take_morning(day).await? {
        return Ok(0);
    }
    let services = tx.late_services(now).await?;
    let readers = if services.is_empty() { Vec::new() } else { tx.late_readers(&services).await? };
    let mut told = 0;
    for reader in readers {
        let due = match reader.chosen.late(&reader.person) {
            ListRhythm::Daily => true,
            ListRhythm::Weekly => is_due(desk, day, true),
            ListRhythm::None => false,
        };
        if due {
            tx.append_message(&Message::late(reader.person.user, MessageId(cx.ids.next())), now).await?;
            told += 1;
        }
    }
    tx.commit().await?;
    cx.wake.notify_one();
    Ok(told)
}
