//! The house in memory as a driver.

use std::time::Duration;

use chrono::TimeDelta;
use flow_engine::value::{Value, Variables as EngineVariables};
use flow_engine::{Command, State};

use super::{House, Thrown};
use crate::corpus::Variables;
use crate::driver::{Driver, History, Order, Task};

fn engine(variables: &Variables) -> EngineVariables {
    variables.iter().map(|(name, it)| (name.clone(), Value::from_json(it))).collect()
}

fn word(state: State) -> String {
    match state {
        State::Fresh | State::Running => "running",
        State::Completed => "completed",
        State::Failed => "failed",
        State::Cancelled => "cancelled",
    }
    .to_owned()
}

impl House {
    fn place(&self, order: &str) -> Result<usize, String> {
        order.parse::<usize>().ok().and_then(|it| it.checked_sub(1)).ok_or("no such order".into())
    }
}

impl Driver for House {
    fn create(&mut self, code: &str, xml: &str) -> Result<(), String> {
        let definitions = self.admit(xml)?;
        self.created.push((code.to_owned(), definitions));
        Ok(())
    }

    fn publish(&mut self, code: &str) -> Result<(), String> {
        let place = self.created.iter().position(|(known, _)| known == code);
        let (_, definitions) = self.created.swap_remove(place.ok_or("nothing was created")?);
        self.deploy(&definitions)
    }

    fn start(&mut self, process: &str, variables: &Variables) -> Result<String, String> {
        let place = self.open_order(process, None, engine(variables))?;
        self.settle()?;
        Ok((place + 1).to_string())
    }

    fn tasks(&mut self) -> Result<Vec<Task>, String> {
        let mut tasks = Vec::new();
        for (place, order) in self.orders.iter().enumerate() {
            for (wait, (node, created)) in &order.tasks {
                tasks.push(Task {
                    id: wait.to_string(),
                    order: (place + 1).to_string(),
                    activity: node.to_string(),
                    created: *created,
                });
            }
        }
        tasks.sort_by_key(|task| task.created);
        Ok(tasks)
    }

    fn complete(
        &mut self,
        task: &Task,
        variables: &Variables,
        error: Option<&str>,
    ) -> Result<(), String> {
        let place = self.place(&task.order)?;
        let wait = task.id.parse().map_err(|_err| "no such task")?;
        let variables = engine(variables);
        let command = match error {
            None => Command::CompleteTask { wait, variables },
            Some(code) => {
                let (code, message) = (code.to_owned(), String::new());
                Command::ThrowError { wait, code, message, variables }
            }
        };
        self.step(place, command)?;
        self.settle()
    }

    fn message(&mut self, name: &str, variables: &Variables) -> Result<(), String> {
        let (name, variables) = (name.to_owned(), engine(variables));
        self.thrown.push_back(Thrown::Message { name, variables });
        self.settle()
    }

    fn signal(&mut self, name: &str, variables: &Variables) -> Result<(), String> {
        let (name, variables) = (name.to_owned(), engine(variables));
        self.thrown.push_back(Thrown::Signal { name, variables, by: None });
        self.settle()
    }

    fn variables(&mut self, order: &str) -> Result<Variables, String> {
        let place = self.place(order)?;
        let instance = self.orders.get(place).and_then(|it| it.instance.as_ref());
        let variables = instance.ok_or("no such order")?.variables();
        Ok(variables.iter().map(|(name, it)| (name.clone(), it.to_json())).collect())
    }

    fn set_variables(&mut self, order: &str, variables: &Variables) -> Result<(), String> {
        let place = self.place(order)?;
        self.step(place, Command::SetVariables { variables: engine(variables) })?;
        self.settle()
    }

    fn cancel(&mut self, order: &str) -> Result<(), String> {
        let place = self.place(order)?;
        self.step(place, Command::Cancel { reason: "the test says so".into() })?;
        self.settle()
    }

    fn history(&mut self) -> Result<History, String> {
        let mut orders = Vec::new();
        for (place, order) in self.orders.iter().enumerate() {
            orders.push(Order {
                id: (place + 1).to_string(),
                process: order.process.clone(),
                state: word(order.state()),
                stuck: order.incidents.values().next().cloned(),
            });
            for (run, (process, state)) in &order.runs {
                orders.push(Order {
                    id: format!("{}.{run}", place + 1),
                    process: process.clone(),
                    state: word(*state),
                    stuck: None,
                });
            }
        }
        Ok(History { records: self.records.clone(), orders })
    }

    fn pass(&mut self, time: Duration) -> Result<(), String> {
        self.pass_time(TimeDelta::from_std(time).map_err(|err| err.to_string())?)
    }

    fn elapsed(&self) -> Duration {
        self.passed.to_std().unwrap_or_default()
    }
}
