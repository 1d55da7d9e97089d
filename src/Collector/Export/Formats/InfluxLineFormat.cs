using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using NetPulse.Telemetry.Series;

namespace NetPulse.Collector.Export.Formats;

/// <summary>InfluxDB's line protocol over its version 1 or 2 endpoint.</summary>
/// <remarks>
/// <c>netpulse_tcp_io_bytes_total{pod="a"}</c> becomes <c>netpulse_tcp,pod=a io_bytes_total=1 TIME</c>: the metrics of a pair share one line, and
/// servers that join measurement and field with an underscore (VictoriaMetrics, our optimizer) have the same names again. Every value is a
/// float, so that a field never changes its type. What is not finite has no form in this protocol.
/// Source: docs.influxdata.com, "Line protocol".
/// </remarks>
internal sealed class InfluxLineFormat : IWireFormat
{
    private static readonly MediaTypeHeaderValue Text = new("text/plain") { CharSet = "utf-8" };

    private static readonly SearchValues<char> ToEscape = SearchValues.Create(",= \\\n\r");

    private readonly Uri write;
    private readonly TimeProvider time;
    private readonly ArrayBufferWriter<byte> lines = new(64 << 10);

    /// <param name="server">What the endpoints are below.</param>
    /// <param name="options">A database, or an organization and a bucket.</param>
    /// <param name="time">Tells how far off a <c>Retry-After</c> date is.</param>
    public InfluxLineFormat(Uri server, InfluxOptions options, TimeProvider time)
    {
        this.time = time;
        var root = server.AbsoluteUri.TrimEnd('/');
        if (options.Bucket is { Length: > 0 } bucket)
        {
            write = new Uri($"{root}/api/v2/write?org={Uri.EscapeDataString(options.Organization ?? "")}&bucket={Uri.EscapeDataString(bucket)}&precision=ms");
            return;
        }

        var parts = options.Database!.Split('/', 2);
        var policy = parts.Length == 2 ? $"&rp={Uri.EscapeDataString(parts[1])}" : "";
        write = new Uri($"{root}/write?db={Uri.EscapeDataString(parts[0])}{policy}&precision=ms");
    }

    public EncodedBody Encode(IReadOnlyList<SeriesPoints> series)
    {
        lines.ResetWrittenCount();
        var unwritable = 0;
        var records = new Dictionary<LineKey, List<(string Field, double Value)>>();
        foreach (var one in series)
        {
            var (measurement, field) = Split(one.Labels.Name);
            foreach (var point in one.Points)
            {
                if (!double.IsFinite(point.Value))
                {
                    unwritable++;
                    continue;
                }

                var key = new LineKey(measurement, one.Labels, point.UnixMilliseconds);
                if (!records.TryGetValue(key, out var fields))
                {
                    fields = [];
                    records.Add(key, fields);
                }

                fields.Add((field, point.Value));
            }
        }

        foreach (var (key, fields) in records)
        {
            WriteLine(key, fields);
        }

        return new EncodedBody(Gzip.Compress(lines.WrittenSpan), unwritable);
    }

    public HttpRequestMessage Post(EncodedBody body)
    {
        var content = new ByteArrayContent(body.Bytes);
        content.Headers.ContentType = Text;
        content.Headers.ContentEncoding.Add("gzip");
        return new HttpRequestMessage(HttpMethod.Post, write) { Content = content };
    }

    public ValueTask<Answer> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken) =>
        HttpAnswer.ReadAsync(response, time, cancellationToken);

    /// <summary><c>netpulse_tcp_io_bytes_total</c> is <c>io_bytes_total</c> of <c>netpulse_tcp</c>; a shorter name keeps what there is.</summary>
    internal static (string Measurement, string Field) Split(string name)
    {
        var second = name.IndexOf('_', name.IndexOf('_', StringComparison.Ordinal) + 1);
        var at = second > 0 ? second : name.IndexOf('_', StringComparison.Ordinal);
        return at > 0 && at < name.Length - 1 ? (name[..at], name[(at + 1)..]) : (name, "value");
    }

    private void WriteLine(LineKey key, List<(string Field, double Value)> fields)
    {
        Write(key.Measurement);
        foreach (var label in key.Labels.Labels)
        {
            if (label.Name != LabelSet.MetricName)
            {
                lines.Write(","u8);
                Write(label.Name);
                lines.Write("="u8);
                WriteEscaped(label.Value);
            }
        }

        var separator = " "u8;
        foreach (var (field, value) in fields)
        {
            lines.Write(separator);
            Write(field);
            lines.Write("="u8);
            value.TryFormat(lines.GetSpan(32), out var written, default, CultureInfo.InvariantCulture);
            lines.Advance(written);
            separator = ","u8;
        }

        lines.Write(" "u8);
        key.UnixMilliseconds.TryFormat(lines.GetSpan(32), out var digits, default, CultureInfo.InvariantCulture);
        lines.Advance(digits);
        lines.Write("\n"u8);
    }

    /// <summary>Our names of metrics and labels hold letters, digits and underscores.</summary>
    private void Write(string text) => Encoding.UTF8.GetBytes(text, lines);

    /// <summary>A tag's value. There is no way to write a line's end, nor a backslash before what ends the value: they become a space and a slash.</summary>
    private void WriteEscaped(ReadOnlySpan<char> text)
    {
        while (true)
        {
            var next = text.IndexOfAny(ToEscape);
            Encoding.UTF8.GetBytes(next < 0 ? text : text[..next], lines);
            if (next < 0)
            {
                return;
            }

            lines.Write(text[next] switch { ',' => "\\,"u8, '=' => "\\="u8, '\\' => "/"u8, _ => "\\ "u8 });
            text = text[(next + 1)..];
        }
    }

    /// <summary>What one line stands for: labels without the metric's name.</summary>
    private readonly struct LineKey(string measurement, LabelSet labels, long unixMilliseconds) : IEquatable<LineKey>
    {
        public string Measurement => measurement;

        public LabelSet Labels => labels;

        public long UnixMilliseconds => unixMilliseconds;

        public bool Equals(LineKey other)
        {
            if (unixMilliseconds != other.UnixMilliseconds || measurement != other.Measurement || labels.Labels.Length != other.Labels.Labels.Length)
            {
                return false;
            }

            for (var i = 0; i < labels.Labels.Length; i++)
            {
                var (mine, theirs) = (labels.Labels[i], other.Labels.Labels[i]);
                if (mine.Name != theirs.Name || (mine.Value != theirs.Value && mine.Name != LabelSet.MetricName))
                {
                    return false;
                }
            }

            return true;
        }

        public override bool Equals(object? obj) => obj is LineKey other && Equals(other);

        public override int GetHashCode()
        {
            var code = new HashCode();
            code.Add(measurement, StringComparer.Ordinal);
            code.Add(unixMilliseconds);
            foreach (var label in labels.Labels)
            {
                if (label.Name != LabelSet.MetricName)
                {
                    code.Add(label.Value, StringComparer.Ordinal);
                }
            }

            return code.ToHashCode();
        }
    }
}
