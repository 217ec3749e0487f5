//! What flow-service can be asked to do: one file per verb.

pub(crate) mod begin_absences;
pub(crate) mod cancel_absence;
pub(crate) mod cancel_order;
pub(crate) mod compile_drawing;
pub(crate) mod create_flow;
pub(crate) mod create_third_party;
pub(crate) mod find_people;
pub(crate) mod fire_timeouts;
pub(crate) mod fire_timers;
pub(crate) mod forecast_order;
pub(crate) mod hand_over;
pub(crate) mod hear_answers;
pub(crate) mod list_absences;
pub(crate) mod list_incidents;
pub(crate) mod list_online;
pub(crate) mod list_open_tasks;
pub(crate) mod list_return_targets;
pub(crate) mod load_definition;
pub(crate) mod move_order;
pub(crate) mod move_tasks;
pub(crate) mod online_third_party;
pub(crate) mod operate_task;
pub(crate) mod publish_flow;
pub(crate) mod relieve_leavers;
pub(crate) mod retry_incident;
pub(crate) mod send_message;
pub(crate) mod send_signal;
pub(crate) mod set_absence;
pub(crate) mod set_calendar;
pub(crate) mod set_variables;
pub(crate) mod show_calendar;
pub(crate) mod show_history;
pub(crate) mod show_variables;
pub(crate) mod start_order;
pub(crate) mod store_departments;
pub(crate) mod store_people;
pub(crate) mod sweep;
pub(crate) mod sync_form;
pub(crate) mod update_flow;
pub(crate) mod urge_people;
pub(crate) mod verify_order;
pub(crate) mod work_errands;

use shared::clock::Clock;
use shared::db::Database;
use shared::db::group::Group;

use crate::error::Error;
use crate::ports::directory::Directory;
use crate::ports::tasks::Tasks;

/// What every use case may use.
pub(crate) struct Ctx {
    pub(crate) db: Database,
    pub(crate) clock: Clock,
    pub(crate) directory: Directory,
    pub(crate) tasks: Tasks,
    /// Steps of orders that share a commit.
    pub(crate) steps: Group<move_order::Job, Result<move_order::Outcome, Error>>,
    /// Versions that can be run.
    pub(crate) definitions: load_definition::Definitions,
    /// Who can act, for a moment.
    pub(crate) known: find_people::Known,
}
