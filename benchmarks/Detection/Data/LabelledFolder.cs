using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using NetPulse.Optimizer.Detection.Preparation;

namespace NetPulse.Benchmarks.Detection.Data;

/// <summary>What a folder held.</summary>
/// <param name="Sets">That can be scored.</param>
/// <param name="NotScored">What was left out, a line each: which file, and why.</param>
public sealed record LabelledData(ImmutableArray<LabelledSet> Sets, ImmutableArray<string> NotScored);

/// <summary>Reads a folder with any of nab*, kpi* and net*.</summary>
/// <remarks>
/// nab*: data/CORPUS/FILE.csv and windows.json. kpi*: FILE.csv with a label a point. net*: FILE.csv and labels.json, and meta.json where it is there, which
/// says what is a counter. A folder of another name is taken for what its files say that it is. What cannot be read is named, and the rest is scored.
/// </remarks>
public static class LabelledFolder
{
    /// <exception cref="InvalidDataException">Nothing in it can be scored.</exception>
    public static LabelledData Read(string directory)
    {
        if (!Directory.Exists(directory))
        {
            throw new InvalidDataException($"{directory} is no folder; give one with DATA=");
        }

        var sets = ImmutableArray.CreateBuilder<LabelledSet>();
        var problems = new List<string>();
        // A single set may be given, too.
        IEnumerable<string> folders = KindOf(directory) is null ? Directory.EnumerateDirectories(directory).Order(StringComparer.Ordinal) : [directory];
        foreach (var path in folders)
        {
            var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
            if ((KindByName(name) ?? KindOf(path)) is not { } kind)
            {
                problems.Add($"{name}: no data of the three kinds");
                continue;
            }

            var before = problems.Count;
            LabelledSeries[] series = kind switch
            {
                FolderKind.Nab => ReadNab(path, problems),
                FolderKind.Kpi => ReadKpi(path, problems),
                _ => ReadNetwork(path, problems),
            };
            for (var i = before; i < problems.Count; i++)
            {
                problems[i] = $"{name}: {problems[i]}";
            }

            if (series.Length > 0)
            {
                sets.Add(new LabelledSet(name, kind == FolderKind.Nab ? SetKind.Nab : SetKind.Events, series));
            }
            else if (problems.Count == before)
            {
                problems.Add($"{name}: no series");
            }
        }

        return sets.Count > 0
            ? new LabelledData(sets.DrainToImmutable(), [.. problems])
            : throw new InvalidDataException(string.Join(Environment.NewLine, [$"{directory} holds no folder nab*, kpi* or net* that can be scored", .. problems]));
    }

    /// <summary>shared/detection beside one of the folders above; <see langword="null"/> where it is not there.</summary>
    public static string? BesideRepository(string directory)
    {
        for (var folder = new DirectoryInfo(directory).Parent; folder is not null; folder = folder.Parent)
        {
            var found = Path.Combine(folder.FullName, "shared", "detection");
            if (Directory.Exists(found))
            {
                return found;
            }
        }

        return null;
    }

    private enum FolderKind
    {
        Nab,
        Kpi,
        Network,
    }

    private static FolderKind? KindByName(string name) =>
        name.StartsWith("nab", StringComparison.OrdinalIgnoreCase) ? FolderKind.Nab
        : name.StartsWith("kpi", StringComparison.OrdinalIgnoreCase) ? FolderKind.Kpi
        : name.StartsWith("net", StringComparison.OrdinalIgnoreCase) ? FolderKind.Network
        : null;

    /// <summary>By what only its kind has.</summary>
    private static FolderKind? KindOf(string directory) =>
        File.Exists(Path.Combine(directory, "windows.json")) ? FolderKind.Nab
        : File.Exists(Path.Combine(directory, "labels.json")) ? FolderKind.Network
        : Directory.EnumerateFiles(directory, "*.csv").Any(file => File.ReadLines(file).FirstOrDefault() is { } head && head.Split(',').Contains("label", StringComparer.Ordinal)) ? FolderKind.Kpi
        : null;

    private static LabelledSeries[] ReadNab(string directory, List<string> problems)
    {
        if (ReadJson(Path.Combine(directory, "windows.json"), problems) is not { } windows)
        {
            return [];
        }

        var data = Path.Combine(directory, "data");
        NameMissing(windows, name => File.Exists(Path.Combine(data, name)), "windows.json", problems);
        return Each(data, problems, (file, name) =>
        {
            var columns = SeriesFile.Read(file);
            return new LabelledSeries(name, SignalKind.Level, columns.UnixSeconds, columns.Values, Windows(windows, name, columns.UnixSeconds), []);
        });
    }

    private static PointSpan[] Windows(JsonElement windows, string name, long[] unixSeconds) => windows.TryGetProperty(name, out var ofFile)
        ?
        [
            .. from window in ofFile.EnumerateArray()
               let span = Between(unixSeconds, SeriesFile.ParseSeconds(window[0].GetString()!), SeriesFile.ParseSeconds(window[1].GetString()!))
               orderby span.First
               select span,
        ]
        : throw new InvalidDataException("windows.json does not name it");

    /// <summary>The points from the first that is not before the one time to the first of the last time that is not after the other: a few files have a time twice, the hour when summer time ends.</summary>
    private static PointSpan Between(long[] unixSeconds, long from, long to)
    {
        var first = Array.FindIndex(unixSeconds, second => second >= from);
        var last = Array.IndexOf(unixSeconds, to);
        last = last < 0 ? Array.FindLastIndex(unixSeconds, second => second <= to) : last;
        return first >= 0 && last >= first
            ? new PointSpan(first, last)
            : throw new InvalidDataException($"the window from {DateTimeOffset.FromUnixTimeSeconds(from):u} to {DateTimeOffset.FromUnixTimeSeconds(to):u} holds none of its points");
    }

    private static LabelledSeries[] ReadKpi(string directory, List<string> problems) => Each(directory, problems, (file, name) =>
    {
        var columns = SeriesFile.Read(file);
        return new LabelledSeries(name, SignalKind.Level, columns.UnixSeconds, columns.Values, Runs(columns.Labels ?? throw new InvalidDataException("not every line has a label")), []);
    });

    private static PointSpan[] Runs(bool[] labels)
    {
        var runs = new List<PointSpan>();
        for (var i = 0; i < labels.Length; i++)
        {
            if (labels[i] && (i == 0 || !labels[i - 1]))
            {
                var end = Array.IndexOf(labels, false, i);
                runs.Add(new PointSpan(i, (end < 0 ? labels.Length : end) - 1));
            }
        }

        return [.. runs];
    }

    private static LabelledSeries[] ReadNetwork(string directory, List<string> problems)
    {
        if (ReadJson(Path.Combine(directory, "labels.json"), problems) is not { } labels)
        {
            return [];
        }

        var metaFile = Path.Combine(directory, "meta.json");
        var meta = File.Exists(metaFile) ? ReadJson(metaFile, problems) : null;
        NameMissing(labels, name => File.Exists(Path.Combine(directory, name + ".csv")), "labels.json", problems);
        return Each(directory, problems, (file, fileName) =>
        {
            var name = Path.GetFileNameWithoutExtension(fileName);
            var columns = SeriesFile.Read(file);
            var ofSeries = labels.TryGetProperty(name, out var found) ? found : throw new InvalidDataException("labels.json does not name it");
            var isCounter = meta is { } known && known.TryGetProperty(name, out var ofMeta) && ofMeta.TryGetProperty("counter", out var counter)
                ? counter.GetBoolean()
                : LooksLikeCounter(columns.Values);
            var events = Listed(ofSeries, "anomalies").Select(anomaly => (Span: Points(anomaly, columns.UnixSeconds), Anomaly: anomaly)).OrderBy(listed => listed.Span.First).ToArray();
            return new LabelledSeries(
                fileName,
                SignalOf(name),
                columns.UnixSeconds,
                isCounter ? CounterRates.PerSecond(columns.UnixSeconds, columns.Values) : columns.Values,
                Array.ConvertAll(events, listed => listed.Span),
                [.. Listed(ofSeries, "benign").Select(benign => new BenignSpan(Points(benign, columns.UnixSeconds), benign.TryGetProperty("announced", out var announced) && announced.GetBoolean()))])
            {
                Node = NodeOf(name),
                Troubles = Array.ConvertAll(events, listed => TroubleOf(NodeOf(name), listed.Span, listed.Anomaly)),
            };
        });
    }

    private static IEnumerable<JsonElement> Listed(JsonElement ofSeries, string name) => ofSeries.TryGetProperty(name, out var list) ? list.EnumerateArray() : [];

    private static string NodeOf(string name) => name.Split('_')[0];

    /// <summary>An incident of several nodes has a number; of one node, what begins at the same point and is of the same type is one.</summary>
    private static string TroubleOf(string node, PointSpan span, JsonElement anomaly) =>
        anomaly.TryGetProperty("incident", out var incident) && incident.ValueKind == JsonValueKind.Number
            ? $"incident {incident.GetInt32()}"
            : $"{node} {span.First} {(anomaly.TryGetProperty("type", out var type) ? type.GetString() : "")}";

    /// <summary>By the places of its points or, without them, by their times.</summary>
    private static PointSpan Points(JsonElement span, long[] unixSeconds)
    {
        if (!span.TryGetProperty("onset_idx", out var first) || !span.TryGetProperty("end_idx", out var last))
        {
            return Between(unixSeconds, span.GetProperty("start").GetInt64(), span.GetProperty("end").GetInt64());
        }

        var points = new PointSpan(first.GetInt32(), last.GetInt32());
        return points.First >= 0 && points.Last >= points.First && points.Last < unixSeconds.Length
            ? points
            : throw new InvalidDataException($"labels.json speaks of its points {points.First} to {points.Last}, and it has {unixSeconds.Length}");
    }

    private static SignalKind SignalOf(string name) => name[(name.IndexOf('_', StringComparison.Ordinal) + 1)..] switch
    {
        "rtt_ms" or "dns_ms" => SignalKind.Latency,
        "throughput_bps" => SignalKind.Throughput,
        "drops_pps" or "retrans_ratio" => SignalKind.Count,
        _ => SignalKind.Level,
    };

    /// <summary>For a folder without meta.json: what never falls in 100 readings, but for restarts, and always rises between some.</summary>
    private static bool LooksLikeCounter(double[] values)
    {
        var finite = values.Where(double.IsFinite).ToArray();
        var falls = finite.Zip(finite.Skip(1)).Count(pair => pair.Second < pair.First);
        return finite.Length > 100 && falls < finite.Length / 100 && finite[^1] > finite[0];
    }

    private static JsonElement? ReadJson(string file, List<string> problems)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document.RootElement.Clone();
            }

            problems.Add($"{Path.GetFileName(file)} is no JSON object");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            problems.Add($"{Path.GetFileName(file)}: {fault.Message}");
        }

        return null;
    }

    private static void NameMissing(JsonElement labels, Func<string, bool> exists, string file, List<string> problems)
    {
        var missing = labels.EnumerateObject().Select(labelled => labelled.Name).Where(name => !exists(name)).ToList();
        if (missing.Count > 0)
        {
            problems.Add($"{file} names {missing.Count} series that are not there: {string.Join(", ", missing.Take(3))}{(missing.Count > 3 ? ", …" : "")}");
        }
    }

    /// <summary>Every series below a folder, in the order of their names; one that cannot be read is a problem of its own.</summary>
    private static LabelledSeries[] Each(string directory, List<string> problems, Func<string, string, LabelledSeries> read)
    {
        var series = new List<LabelledSeries>();
        foreach (var file in Directory.Exists(directory) ? Directory.EnumerateFiles(directory, "*.csv", SearchOption.AllDirectories).Order(StringComparer.Ordinal) : Enumerable.Empty<string>())
        {
            var name = Path.GetRelativePath(directory, file).Replace('\\', '/');
            try
            {
                series.Add(read(file, name));
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or InvalidDataException or FormatException or InvalidOperationException or KeyNotFoundException or IndexOutOfRangeException)
            {
                // A label of another JSON type throws one of the last four.
                problems.Add($"{name}: {fault.Message}");
            }
        }

        return [.. series];
    }
}

/// <summary>Columns of a file: timestamp, value and, perhaps, label.</summary>
public sealed record SeriesFile(long[] UnixSeconds, double[] Values, bool[]? Labels)
{
    /// <exception cref="InvalidDataException">A line has no time or a value that is neither a number nor empty, or there is no line.</exception>
    public static SeriesFile Read(string path)
    {
        var times = new List<long>();
        var values = new List<double>();
        var labels = new List<bool>();
        foreach (var line in File.ReadLines(path).Skip(1).Where(line => line.Length > 0))
        {
            var columns = line.Split(',');
            try
            {
                times.Add(long.TryParse(columns[0], CultureInfo.InvariantCulture, out var second) ? second : ParseSeconds(columns[0]));
                values.Add(columns[1].Length == 0 ? double.NaN : double.Parse(columns[1], CultureInfo.InvariantCulture));
            }
            catch (Exception fault) when (fault is FormatException or IndexOutOfRangeException)
            {
                throw new InvalidDataException($"{line} is no line of timestamp,value", fault);
            }

            if (columns.Length > 2)
            {
                labels.Add(columns[2] is "1" or "1.0");
            }
        }

        return times.Count > 0
            ? new SeriesFile([.. times], [.. values], labels.Count == times.Count ? [.. labels] : null)
            : throw new InvalidDataException("no line of timestamp,value");
    }

    public static long ParseSeconds(string time) =>
        DateTimeOffset.Parse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).ToUnixTimeSeconds();
}
