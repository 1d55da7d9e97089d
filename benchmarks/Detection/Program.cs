using System.Globalization;
using NetPulse.Benchmarks.Detection;
using NetPulse.Benchmarks.Detection.Data;
using NetPulse.Benchmarks.Detection.Measures;
using NetPulse.Benchmarks.Detection.Peers;

// Options: --data FOLDER, --out FILE.json, --results FILE.md, --nab-threshold NUMBER, --peers.
var options = new Dictionary<string, string>(StringComparer.Ordinal);
var given = new Queue<string>(args);
while (given.TryDequeue(out var option))
{
    options[option] = option != "--peers" && given.TryDequeue(out var value) ? value : "";
}

if (!options.TryGetValue("--data", out var data))
{
    if (LabelledFolder.BesideRepository(Environment.CurrentDirectory) is not { } beside)
    {
        Console.Error.WriteLine("There is no shared/detection beside this repository or beside the folder of its worktrees. Where are the labelled series? make eval DATA=FOLDER");
        return 2;
    }

    data = beside;
}

double? frozen = null;
if (options.TryGetValue("--nab-threshold", out var text))
{
    if (!double.TryParse(text, CultureInfo.InvariantCulture, out var number))
    {
        Console.Error.WriteLine($"'{text}' is no threshold; give a number, as NAB_THRESHOLD=1.06");
        return 2;
    }

    frozen = number;
}

var detectors = new List<(string Name, Func<LabelledSeries, ScoredSeries> Run)> { ("netpulse", Pipeline.Run) };
if (options.ContainsKey("--peers"))
{
    detectors.AddRange(
    [
        ("IID spike", series => Gated(series, IidSpike.Score(series))),
        ("SSA spike", series => Gated(series, SingularSpectrum.Score(series))),
        ("spectral residual", series => Gated(series, SpectralResidual.Score(series))),
    ]);
}

var measured = Circumstances.Now();
LabelledData labelled;
try
{
    labelled = LabelledFolder.Read(data);
}
catch (Exception fault) when (fault is IOException or InvalidDataException)
{
    Console.Error.WriteLine(fault.Message);
    return 1;
}

foreach (var problem in labelled.NotScored)
{
    Console.Error.WriteLine($"not scored: {problem}");
}

var reports = new List<SetReport>();
foreach (var set in labelled.Sets)
{
    foreach (var (name, run) in detectors)
    {
        reports.Add(SetReport.Of(set, name, [.. set.Series.Select(run)], name == "netpulse" ? frozen : null));
        Console.WriteLine(string.Join(Environment.NewLine, reports[^1].Lines()));
    }
}

var speed = Speed.Measure().ToList();
foreach (var ofKind in speed)
{
    Console.WriteLine($"{ofKind.Kind}: {ofKind.PointsPerSecond / 1e6:F0} million points per CPU-second, {ofKind.BytesPerPoint} bytes allocated a point, {ofKind.StateBytes:F0} bytes of state a series");
}

var root = RootSpeed.Measure();
Console.WriteLine($"root dimension of {root.Leaves} leaves in {root.Dimensions} dimensions: {root.MedianCpuMilliseconds:F1} ms of CPU (median of {root.Searches}); found {root.Found}");

var report = new EvaluationReport(measured.AtTheEnd(), reports, labelled.NotScored, speed, root);
if (options.TryGetValue("--out", out var file))
{
    report.Write(file);
}

if (options.TryGetValue("--results", out var page))
{
    File.WriteAllText(page, ResultsPage.Of(report));
}

return 0;

// A peer is told what was announced, as our pipeline is.
static ScoredSeries Gated(LabelledSeries series, float[] scores)
{
    foreach (var span in series.Benign.Where(span => span.Announced))
    {
        scores.AsSpan(span.Points.First, span.Points.Count).Clear();
    }

    return new ScoredSeries(series, scores, Gate.Pass(scores));
}
