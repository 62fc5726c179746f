//! `candlewick nets`.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::Subcommand;
use serde_json::{Value, json};

use super::device::{DeviceChoice, pick};
use crate::config;
use crate::forecast::LabelShape;
use crate::kernels::Precision;
use crate::nets::{Cost, HeadsConfig, InputShape, Net, NetConfig};
use crate::pipeline::PipelineError;
use crate::training::time_steps;
use crate::windows::{MemoryPlan, estimate_memory};

/// Backward passes cost about twice the forward pass: one product for the weights' gradient and one for
/// the input's.
const TRAINING_PASSES: usize = 3;

/// The nets that a config can name: list them, and say what one of them costs
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List every net, a name a line
    ///
    /// A config names one as `net: { kind: NAME }`; what else can stand there is in `candlewick schema`.
    List {
        /// A line about each net beside its name
        #[arg(long, short)]
        long: bool,
    },
    /// Say what a net is made of and what it costs: tensors, parameters, FLOPs, bytes, memory, time
    ///
    /// The net has its default size, or that of a config. FLOPs count matrix products and convolutions
    /// alone, 2 for each weight and position that it meets; a training step takes about three times those
    /// of the forward pass. Memory is what `train` asks for before it starts, without the table; it is the
    /// same in bf16, where operands of products are kept in half the bytes, and what other operations keep
    /// beside them is not. The time of a step is measured here and now on the device: forward, loss, backward and update.
    Describe(Describe),
}

#[derive(Debug, clap::Args)]
struct Describe {
    /// Name of the net, as `nets list` prints it
    #[arg(value_name = "NAME", value_parser = default_net, required_unless_present = "config")]
    net: Option<NetConfig>,
    /// Net and heads of this config instead
    #[arg(long, short, value_name = "FILE", conflicts_with = "net")]
    config: Option<PathBuf>,
    /// Rows of the window and columns of a row, such as 100x40; several for a net that reads several,
    /// such as 48x20,24x5
    #[arg(long, value_name = "TxF", default_value = "100x40", value_delimiter = ',', value_parser = shape)]
    input: Vec<InputShape>,
    /// Samples of a step
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    batch: u32,
    /// Steps to measure; 0 measures none
    #[arg(long, value_name = "N", default_value_t = 5)]
    steps: u32,
    /// Numbers in which products are taken, as training.precision: f32 or bf16 (default: the config's,
    /// or f32)
    #[arg(long, value_name = "PRECISION", value_parser = precision)]
    precision: Option<Precision>,
    /// auto, cpu, wgpu, wgpu:N, cuda or cuda:N
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    device: DeviceChoice,
}

fn default_net(name: &str) -> Result<NetConfig, String> {
    NetConfig::of_kind(name)
        .ok_or_else(|| format!("no net has this name; there are {}", NetConfig::KINDS.join(", ")))
}

fn precision(text: &str) -> Result<Precision, String> {
    [Precision::F32, Precision::Bf16]
        .into_iter()
        .find(|precision| precision.name() == text)
        .ok_or_else(|| "it is f32 or bf16".to_owned())
}

fn shape(text: &str) -> Result<InputShape, String> {
    let parse = |part: &str| part.trim().parse().ok().filter(|&n: &usize| n > 0);
    let sizes = text.split_once('x').and_then(|(t, f)| Some((parse(t)?, parse(f)?)));
    let (window, features) =
        sizes.ok_or("write rows x columns, such as 100x40 for 100 rows of 40 columns")?;
    Ok(InputShape { window, features })
}

/// Prints what was asked for.
///
/// # Errors
/// When the net cannot read the shape, the device cannot be used, or `out` cannot be written to.
pub fn run(args: &Args, json: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    match &args.command {
        Command::List { long } => list(*long, json, out),
        Command::Describe(args) => describe(args, json, out),
    }
}

fn list(long: bool, json: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    let nets = || NetConfig::KINDS.iter().filter_map(|kind| NetConfig::of_kind(kind));
    if json {
        let object = |net: NetConfig| json!({ "name": net.kind(), "about": net.about() });
        let nets: Vec<Value> = nets().map(object).collect();
        return Ok(writeln!(out, "{}", json!({ "nets": nets }))?);
    }
    let width = NetConfig::KINDS.iter().map(|kind| kind.len()).max().unwrap_or(0);
    for net in nets() {
        if long {
            writeln!(out, "{:width$}  {}", net.kind(), net.about())?;
        } else {
            writeln!(out, "{}", net.kind())?;
        }
    }
    Ok(())
}

fn describe(args: &Describe, json: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    let (net, heads, labels, precision) = match (&args.config, &args.net) {
        (Some(path), _) => {
            let config = config::load(path, &[]).context("failed to read the config")?;
            let labels = config.labels.shape();
            (config.net, config.heads, labels, config.training.precision)
        }
        (None, Some(net)) => {
            (net.clone(), HeadsConfig::default(), LabelShape::default(), Precision::F32)
        }
        (None, None) => return Err(anyhow!("name a net or a config")),
    };
    let precision = args.precision.unwrap_or(precision);
    let (inputs, batch) = (&args.input[..], args.batch as usize);
    net.check(inputs).map_err(PipelineError::Config)?;
    let picked = pick(args.device)?;
    let net = net.for_labels(labels);
    let (heads, flex) = ((&heads, labels), burn::tensor::Device::flex());
    let built = Net::for_labels(&net, heads, inputs, 0, &flex);
    let (tensors, parameters) = (built.parameter_shapes(), built.parameter_count());
    let cost = net.cost(inputs);
    let plan = MemoryPlan {
        rows: 0,
        features: inputs.iter().map(|input| input.features).max().unwrap_or(0),
        window: inputs.iter().map(|input| input.window).sum(),
        batch_size: batch,
        parameters,
        activations: cost.activations,
    };
    let need = estimate_memory(&plan);
    let mut seconds = match args.steps {
        0 => Vec::new(),
        steps => {
            let steps = u64::from(steps);
            time_steps(&net, heads, inputs, batch, steps, precision, &picked.device)?
        }
    };
    seconds.sort_by(f64::total_cmp);
    let median = seconds.get(seconds.len() / 2).copied();
    if json {
        let tensor = |(name, shape): &(String, Vec<usize>)| json!({ "name": name, "shape": shape });
        let object = json!({
            "net": net, "about": net.about(),
            "inputs": inputs.iter().map(shape_json).collect::<Vec<_>>(),
            "parameters": parameters, "tensors": tensors.iter().map(tensor).collect::<Vec<_>>(),
            "forward_flops": cost.flops, "activation_bytes": 4 * cost.activations,
            "precision": precision.name(),
            "batch": batch, "memory_bytes": need.total(), "device": picked.name,
            "step_seconds": median,
        });
        return Ok(writeln!(out, "{object}")?);
    }
    writeln!(out, "{}: {}", net.kind(), net.about())?;
    for InputShape { window, features } in inputs {
        writeln!(out, "  input        {window} rows of {features} columns")?;
    }
    let bytes = binary(4.0 * parameters as f64);
    writeln!(out, "  parameters   {} ({bytes}), heads included", grouped(parameters))?;
    write_cost(&cost, precision, out)?;
    writeln!(out, "  memory       {need}, batch {batch}")?;
    if let Some(median) = median {
        let rate = batch as f64 / median;
        writeln!(
            out,
            "  step         {} on {}, batch {batch}: {rate:.0} samples/s, {} (median of {})",
            time(median),
            picked.name,
            rate_of_work(&cost, rate),
            seconds.len()
        )?;
    }
    writeln!(out, "  tensors")?;
    let width = tensors.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, shape) in &tensors {
        let sizes: Vec<String> = shape.iter().map(usize::to_string).collect();
        let count = grouped(shape.iter().product());
        writeln!(out, "    {name:width$}  {:>16}  {count:>10}", sizes.join(" x "))?;
    }
    Ok(())
}

fn shape_json(input: &InputShape) -> Value {
    json!({ "window": input.window, "features": input.features })
}

fn write_cost(cost: &Cost, precision: Precision, out: &mut dyn Write) -> std::io::Result<()> {
    let forward = cost.flops as f64;
    let training = decimal(forward * TRAINING_PASSES as f64);
    writeln!(out, "  arithmetic   {}FLOP a sample, {training}FLOP in training", decimal(forward))?;
    let activations = binary(4.0 * cost.activations as f64);
    writeln!(out, "  activations  {activations} a sample, products in {}", precision.name())
}

fn rate_of_work(cost: &Cost, rate: f64) -> String {
    let work = cost.flops as f64 * TRAINING_PASSES as f64 * rate;
    format!("{}FLOP/s", decimal(work))
}

/// With a decimal prefix: `35.5 M`.
fn decimal(value: f64) -> String {
    scaled(value, 1000.0, &["", "k", "M", "G", "T", "P"])
}

/// Bytes with a binary prefix: `0.6 MiB`.
fn binary(value: f64) -> String {
    scaled(value, 1024.0, &["B", "KiB", "MiB", "GiB", "TiB"])
}

fn scaled(mut value: f64, step: f64, units: &[&str]) -> String {
    let mut unit = 0;
    while value >= step && unit + 1 < units.len() {
        value /= step;
        unit += 1;
    }
    format!("{value:.1} {}", units[unit])
}

fn time(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.1} ms", seconds * 1e3) } else { format!("{seconds:.2} s") }
}

/// `143,907`.
fn grouped(value: usize) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn output(words: &[&str], json: bool) -> String {
        let line = Line::try_parse_from([&["nets"], words].concat()).unwrap();
        let mut out = Vec::new();
        run(&line.args, json, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn lists_a_name_a_line() {
        assert_eq!(output(&["list"], false).lines().collect::<Vec<_>>(), NetConfig::KINDS);
        assert!(output(&["list", "--long"], false).contains("lstm"));
    }

    #[test]
    fn describes_every_net_that_reads_the_shape() {
        for kind in NetConfig::KINDS {
            let shape = if *kind == "two_branch" { "48x20,100x40" } else { "100x40" };
            let words = ["describe", kind, "--input", shape, "--steps", "0", "--device", "cpu"];
            let told: Value = serde_json::from_str(&output(&words, true)).unwrap();
            assert!(told["forward_flops"].as_u64().unwrap() > 0, "{kind}");
            assert!(told["activation_bytes"].as_u64().unwrap() > 0, "{kind}");
        }
        let words = ["describe", "lstm", "--steps", "1", "--batch", "2", "--device", "cpu"];
        let text = output(&words, false);
        assert!(text.contains("samples/s") && text.contains("lstm.weight_ih_l0"), "{text}");
    }

    #[test]
    fn wrong_words_are_refused() {
        for words in [["describe", "lstn"].as_slice(), &["describe", "lstm", "--input", "0x4"]] {
            assert!(Line::try_parse_from([&["nets"], words].concat()).is_err(), "{words:?}");
        }
        assert_eq!(grouped(143_907), "143,907");
        assert_eq!(grouped(7), "7");
    }
}
