using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Text.Encodings.Web;
using System.Text.Json;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;

namespace NetPulse.Optimizer.Queries;

/// <summary>Writes answers as Prometheus's HTTP API shapes them, straight into the response, sent on as it grows.</summary>
internal sealed class AnswerWriter : IDisposable
{
    private const int FlushBytes = 64 << 10;

    /// <summary>A timestamp, a number, and what stands around them.</summary>
    private const int LongestPoint = 64;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly PipeWriter output;
    private readonly Utf8JsonWriter json;
    private long sent;
    private byte[] points = ArrayPool<byte>.Shared.Rent(FlushBytes);

    public AnswerWriter(PipeWriter output)
    {
        this.output = output;
        json = new Utf8JsonWriter(output, Options);
    }

    public async Task WriteAsync(QueryAnswer answer, CancellationToken cancellationToken)
    {
        Begin();
        json.WriteStartObject();
        switch (answer)
        {
            case QueryAnswer.Scalar scalar:
                json.WriteString("resultType"u8, "scalar"u8);
                json.WritePropertyName("result"u8);
                json.WriteRawValue(Point(scalar.UnixMilliseconds, scalar.Value), skipInputValidation: true);
                break;
            case QueryAnswer.Text text:
                json.WriteString("resultType"u8, "string"u8);
                json.WriteStartArray("result"u8);
                json.WriteNumberValue(text.UnixMilliseconds / 1000m);
                json.WriteStringValue(text.Value);
                json.WriteEndArray();
                break;
            case QueryAnswer.Vector vector:
                json.WriteString("resultType"u8, "vector"u8);
                json.WriteStartArray("result"u8);
                foreach (var sample in vector.Samples)
                {
                    json.WriteStartObject();
                    WriteLabels("metric"u8, sample.Labels);
                    json.WritePropertyName("value"u8);
                    json.WriteRawValue(Point(sample.UnixMilliseconds, sample.Value), skipInputValidation: true);
                    json.WriteEndObject();
                    await SendAsync(cancellationToken);
                }

                json.WriteEndArray();
                break;
            case QueryAnswer.Matrix matrix:
                json.WriteString("resultType"u8, "matrix"u8);
                json.WriteStartArray("result"u8);
                foreach (var series in matrix.Series)
                {
                    json.WriteStartObject();
                    WriteLabels("metric"u8, series.Labels);
                    json.WritePropertyName("values"u8);
                    json.WriteRawValue(Points(series), skipInputValidation: true);
                    json.WriteEndObject();
                    await SendAsync(cancellationToken);
                }

                json.WriteEndArray();
                break;
        }

        json.WriteEndObject();
        await EndAsync(cancellationToken);
    }

    public async Task WriteAsync(IEnumerable<LabelSet> series, CancellationToken cancellationToken)
    {
        Begin();
        json.WriteStartArray();
        foreach (var labels in series)
        {
            WriteLabels(default, labels);
            await SendAsync(cancellationToken);
        }

        json.WriteEndArray();
        await EndAsync(cancellationToken);
    }

    public async Task WriteAsync(IEnumerable<string> texts, CancellationToken cancellationToken)
    {
        Begin();
        json.WriteStartArray();
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
            await SendAsync(cancellationToken);
        }

        json.WriteEndArray();
        await EndAsync(cancellationToken);
    }

    public void Dispose()
    {
        json.Dispose();
        ArrayPool<byte>.Shared.Return(points);
    }

    private void Begin()
    {
        json.WriteStartObject();
        json.WriteString("status"u8, "success"u8);
        json.WritePropertyName("data"u8);
    }

    private async Task EndAsync(CancellationToken cancellationToken)
    {
        json.WriteEndObject();
        await json.FlushAsync(cancellationToken);
        await output.FlushAsync(cancellationToken);
    }

    private async ValueTask SendAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (json.BytesPending + json.BytesCommitted - sent >= FlushBytes)
        {
            await json.FlushAsync(cancellationToken);
            await output.FlushAsync(cancellationToken);
            sent = json.BytesCommitted;
        }
    }

    private void WriteLabels(ReadOnlySpan<byte> property, LabelSet labels)
    {
        if (property.IsEmpty)
        {
            json.WriteStartObject();
        }
        else
        {
            json.WriteStartObject(property);
        }

        foreach (var label in labels.Labels)
        {
            json.WriteString(label.Name, label.Value);
        }

        json.WriteEndObject();
    }

    private ReadOnlySpan<byte> Points(TimeSeries series)
    {
        var needed = (series.Count * LongestPoint) + 2;
        if (points.Length < needed)
        {
            ArrayPool<byte>.Shared.Return(points);
            points = ArrayPool<byte>.Shared.Rent(needed);
        }

        var times = series.UnixMilliseconds.Span;
        var values = series.Values.Span;
        var length = 0;
        points[length++] = (byte)'[';
        for (var i = 0; i < times.Length; i++)
        {
            length += Format(times[i], values[i], points.AsSpan(length));
            points[length++] = (byte)',';
        }

        length -= times.Length > 0 ? 1 : 0;
        points[length++] = (byte)']';
        return points.AsSpan(0, length);
    }

    private ReadOnlySpan<byte> Point(long unixMilliseconds, double value) => points.AsSpan(0, Format(unixMilliseconds, value, points));

    private static int Format(long unixMilliseconds, double value, Span<byte> target)
    {
        var length = 0;
        target[length++] = (byte)'[';
        var (seconds, fraction) = Math.DivRem(unixMilliseconds, 1000);
        if (fraction < 0)
        {
            // before 1970 the fraction counts from the earlier second, as a decimal does not
            target[length++] = (byte)'-';
            (seconds, fraction) = (-seconds, -fraction);
        }

        Utf8Formatter.TryFormat(seconds, target[length..], out var written);
        length += written;
        if (fraction != 0)
        {
            target[length++] = (byte)'.';
            target[length++] = (byte)('0' + (fraction / 100));
            target[length++] = (byte)('0' + (fraction / 10 % 10));
            target[length++] = (byte)('0' + (fraction % 10));
        }

        target[length++] = (byte)',';
        target[length++] = (byte)'"';
        length += FormatValue(value, target[length..]);
        target[length++] = (byte)'"';
        target[length++] = (byte)']';
        return length;
    }

    private static int FormatValue(double value, Span<byte> target)
    {
        // most samples are counts
        var whole = (long)value;
        if (Math.Abs(value) < 1L << 53 && BitConverter.DoubleToInt64Bits(whole) == BitConverter.DoubleToInt64Bits(value))
        {
            Utf8Formatter.TryFormat(whole, target, out var digits);
            return digits;
        }

        if (double.IsFinite(value))
        {
            value.TryFormat(target, out var shortest, "R");
            return shortest;
        }

        var text = double.IsNaN(value) ? "NaN"u8 : value > 0 ? "+Inf"u8 : "-Inf"u8;
        text.CopyTo(target);
        return text.Length;
    }
}
