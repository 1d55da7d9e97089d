using System.Globalization;
using System.Text.Json;
using NetPulse.Optimizer.Detection.Preparation;

namespace NetPulse.Benchmarks.Detection.Data;

/// <summary>Reads a folder with any of nab*, kpi* and net*.</summary>
/// <remarks>
/// nab*: data/CORPUS/FILE.csv and windows.json. kpi*: FILE.csv with a label a point. net*: FILE.csv and labels.json, and meta.json where it is there, which
/// says what is a counter.
/// </remarks>
public static class LabelledFolder
{
    /// <exception cref="InvalidDataException">None of the three is there, or a file is not in its format.</exception>
    public static IReadOnlyList<LabelledSet> Read(string directory)
    {
        if (!Directory.Exists(directory))
        {
            throw new InvalidDataException($"{directory} is no folder; give one with DATA=");
        }

        var sets = new List<LabelledSet>();
        foreach (var path in Directory.EnumerateDirectories(directory).Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(path);
            if (name.StartsWith("nab", StringComparison.Ordinal))
            {
                sets.Add(new LabelledSet(name, SetKind.Nab, ReadNab(path)));
            }
            else if (name.StartsWith("kpi", StringComparison.Ordinal))
            {
                sets.Add(new LabelledSet(name, SetKind.Events, ReadKpi(path)));
            }
            else if (name.StartsWith("net", StringComparison.Ordinal))
            {
                sets.Add(new LabelledSet(name, SetKind.Events, ReadNetwork(path)));
            }
        }

        return sets.Count > 0 ? sets : throw new InvalidDataException($"{directory} holds no folder whose name starts with nab, kpi or net");
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

    private static LabelledSeries[] ReadNab(string directory)
    {
        using var windows = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(directory, "windows.json")));
        return
        [
            .. from file in Csv(Path.Combine(directory, "data"))
               let name = Path.GetRelativePath(Path.Combine(directory, "data"), file).Replace('\\', '/')
               let columns = SeriesFile.Read(file)
               select new LabelledSeries(name, SignalKind.Level, columns.UnixSeconds, columns.Values, Windows(windows.RootElement, name, columns.UnixSeconds), []),
        ];
    }

    private static PointSpan[] Windows(JsonElement windows, string name, long[] unixSeconds) => windows.TryGetProperty(name, out var ofFile)
        ?
        [
            .. from window in ofFile.EnumerateArray()
               let first = IndexOf(unixSeconds, SeriesFile.ParseSeconds(window[0].GetString()!))
               let last = IndexOf(unixSeconds, SeriesFile.ParseSeconds(window[1].GetString()!))
               orderby first
               select new PointSpan(first, last),
        ]
        : throw new InvalidDataException($"windows.json does not name {name}");

    /// <summary>A few files have a time twice (the hour when summer time ends): the first counts.</summary>
    private static int IndexOf(long[] unixSeconds, long second) => Array.IndexOf(unixSeconds, second) is var at and >= 0
        ? at
        : throw new InvalidDataException($"a window's end, {DateTimeOffset.FromUnixTimeSeconds(second):u}, is no point of the file");

    private static LabelledSeries[] ReadKpi(string directory) =>
    [
        .. from file in Csv(directory)
           let columns = SeriesFile.Read(file)
           select new LabelledSeries(
               Path.GetFileName(file),
               SignalKind.Level,
               columns.UnixSeconds,
               columns.Values,
               Runs(columns.Labels ?? throw new InvalidDataException($"{file} has no column label")),
               []),
    ];

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

    private static LabelledSeries[] ReadNetwork(string directory)
    {
        using var labels = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(directory, "labels.json")));
        var metaFile = Path.Combine(directory, "meta.json");
        using var meta = JsonDocument.Parse(File.Exists(metaFile) ? File.ReadAllBytes(metaFile) : "{}"u8.ToArray());
        return
        [
            .. from file in Csv(directory)
               let name = Path.GetFileNameWithoutExtension(file)
               let columns = SeriesFile.Read(file)
               let ofSeries = labels.RootElement.TryGetProperty(name, out var found) ? found : throw new InvalidDataException($"labels.json does not name {name}")
               let isCounter = meta.RootElement.TryGetProperty(name, out var m) ? m.GetProperty("counter").GetBoolean() : LooksLikeCounter(columns.Values)
               select new LabelledSeries(
                   name + ".csv",
                   KindOf(name),
                   columns.UnixSeconds,
                   isCounter ? CounterRates.PerSecond(columns.UnixSeconds, columns.Values) : columns.Values,
                   [.. ofSeries.GetProperty("anomalies").EnumerateArray().Select(Points).OrderBy(span => span.First)],
                   [.. ofSeries.GetProperty("benign").EnumerateArray().Select(b => new BenignSpan(Points(b), b.GetProperty("announced").GetBoolean()))])
               {
                   Node = NodeOf(name),
                   Troubles = [.. ofSeries.GetProperty("anomalies").EnumerateArray().OrderBy(a => Points(a).First).Select(a => TroubleOf(NodeOf(name), a))],
               },
        ];
    }

    private static string NodeOf(string name) => name.Split('_')[0];

    /// <summary>An incident of several nodes has a number; of one node, what begins at the same point and is of the same type is one.</summary>
    private static string TroubleOf(string node, JsonElement anomaly) =>
        anomaly.TryGetProperty("incident", out var incident) && incident.ValueKind == JsonValueKind.Number
            ? $"incident {incident.GetInt32()}"
            : $"{node} {Points(anomaly).First} {(anomaly.TryGetProperty("type", out var type) ? type.GetString() : "")}";

    private static PointSpan Points(JsonElement span) => new(span.GetProperty("onset_idx").GetInt32(), span.GetProperty("end_idx").GetInt32());

    private static SignalKind KindOf(string name) => name[(name.IndexOf('_', StringComparison.Ordinal) + 1)..] switch
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

    private static IOrderedEnumerable<string> Csv(string directory) =>
        Directory.EnumerateFiles(directory, "*.csv", SearchOption.AllDirectories).Order(StringComparer.Ordinal);
}

/// <summary>Columns of a file: timestamp, value and, perhaps, label.</summary>
public sealed record SeriesFile(long[] UnixSeconds, double[] Values, bool[]? Labels)
{
    /// <exception cref="InvalidDataException">A line has no time or a value that is neither a number nor empty.</exception>
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
                times.Add(long.TryParse(columns[0], out var second) ? second : ParseSeconds(columns[0]));
                values.Add(columns[1].Length == 0 ? double.NaN : double.Parse(columns[1], CultureInfo.InvariantCulture));
            }
            catch (Exception fault) when (fault is FormatException or IndexOutOfRangeException)
            {
                throw new InvalidDataException($"{path}: {line} is no line of timestamp,value", fault);
            }

            if (columns.Length > 2)
            {
                labels.Add(columns[2] is "1" or "1.0");
            }
        }

        return new SeriesFile([.. times], [.. values], labels.Count == times.Count && times.Count > 0 ? [.. labels] : null);
    }

    public static long ParseSeconds(string time) =>
        DateTimeOffset.Parse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).ToUnixTimeSeconds();
}
