using System.Globalization;
using System.Text;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Http;
using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Telemetry.Store.Influx;

/// <summary>Reads the annotated CSV that Flux answers with.</summary>
/// <remarks>
/// Source: docs.influxdata.com/influxdb/v2/reference/syntax/annotated-csv. No 2.x server can be had where we build: the shape is that of its documentation,
/// held in a recorded answer of the tests.
/// </remarks>
internal static class FluxAnswer
{
    private static readonly HashSet<string> NoTags = new(StringComparer.Ordinal) { "", "result", "table", "_start", "_stop", "_time", "_value", "_field", "_measurement", "error", "reference" };

    /// <exception cref="FormatException">It is no such CSV, or tells of an error.</exception>
    public static async Task<IReadOnlyList<TimeSeries>> ReadAsync(Stream body, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(body, Encoding.UTF8);
        var series = new Dictionary<LabelSet, IncomingSeries>();
        string[]? columns = null;
        while (await RecordAsync(reader, cancellationToken) is { } record)
        {
            if (record is [""])
            {
                columns = null; // a table of other columns follows
            }
            else if (record[0].StartsWith('#'))
            {
                columns = null;
            }
            else if (columns is null)
            {
                columns = record;
            }
            else
            {
                Add(series, columns, record);
            }
        }

        return [.. series.Select(static one => one.Value.Take(one.Key))];
    }

    private static void Add(Dictionary<LabelSet, IncomingSeries> series, string[] columns, string[] record)
    {
        if (record.Length != columns.Length)
        {
            throw new FormatException($"a row of {record.Length} columns where {columns.Length} are named");
        }

        if (Array.IndexOf(columns, "error") is >= 0 and var error)
        {
            throw new FormatException(record[error]);
        }

        if (!DateTimeOffset.TryParse(Cell("_time"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            || !DecimalText.TryParse(Encoding.UTF8.GetBytes(Cell("_value")), out var value))
        {
            throw new FormatException("a row without time or value");
        }

        var labels = LabelSet.From(columns.Select((name, i) => new Label(name, LineProtocolEncoder.Text(record[i]))).Where(static label => !NoTags.Contains(label.Name))
            .Append(new Label(LabelSet.MetricName, LineProtocolEncoder.Text(Cell("_measurement")))));
        if (!series.TryGetValue(labels, out var samples))
        {
            samples = new IncomingSeries();
            series.Add(labels, samples);
        }

        samples.Add(at.ToUnixTimeMilliseconds(), value);

        string Cell(string name) => Array.IndexOf(columns, name) is >= 0 and var i ? record[i] : throw new FormatException($"no column {name}");
    }

    /// <summary>A record's cells; one in quotes may hold commas, line breaks and doubled quotes.</summary>
    private static async Task<string[]?> RecordAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        var cells = new List<string>();
        var cell = new StringBuilder();
        var quoted = false;
        do
        {
            if (await reader.ReadLineAsync(cancellationToken) is not { } line)
            {
                return quoted ? throw new FormatException("a quoted cell has no end") : null;
            }

            cell.Append(quoted ? "\n" : "");
            foreach (var c in line)
            {
                if (c == ',' && !quoted)
                {
                    cells.Add(Unquoted(cell.ToString()));
                    cell.Clear();
                }
                else
                {
                    quoted ^= c == '"';
                    cell.Append(c);
                }
            }
        }
        while (quoted);

        cells.Add(Unquoted(cell.ToString()));
        return [.. cells];
    }

    private static string Unquoted(string cell) => cell is ['"', .., '"'] ? cell[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal) : cell;
}
