using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;

namespace NetPulse.Optimizer.Queries;

/// <summary>Writes answers as Prometheus's HTTP API shapes them, and sends on what is written while it writes more.</summary>
/// <remarks>Not by Utf8JsonWriter: an answer is millions of points of one shape, and nearly all of its bytes are these.</remarks>
internal sealed class AnswerWriter(PipeWriter output) : IDisposable
{
    private const int SendBytes = 128 << 10;

    /// <summary>A value, and what stands around it.</summary>
    private const int LongestValue = 40;

    private const double ExactWholeEnd = 1L << 53;
    private const double ThousandthsEnd = 1L << 43;

    private static readonly SearchValues<char> Plain = SearchValues.Create([.. Enumerable.Range(0x20, 0x7f - 0x20).Select(static code => (char)code).Except(['"', '\\'])]);

    private readonly PointTimes times = new();
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(2 * SendBytes);
    private byte[] sent = ArrayPool<byte>.Shared.Rent(2 * SendBytes);
    private Task sending = Task.CompletedTask;
    private int length;

    public async Task WriteAsync(QueryAnswer answer, CancellationToken cancellationToken)
    {
        Raw("{\"status\":\"success\",\"data\":{\"resultType\":\""u8);
        switch (answer)
        {
            case QueryAnswer.Scalar scalar:
                Raw("scalar\",\"result\":"u8);
                Point(scalar.UnixMilliseconds, scalar.Value);
                break;
            case QueryAnswer.Text text:
                Raw("string\",\"result\":"u8);
                Raw(PointTimes.Of(text.UnixMilliseconds));
                Raw(","u8);
                Text(text.Value);
                Raw("]"u8);
                break;
            case QueryAnswer.Vector vector:
                Raw("vector\",\"result\":["u8);
                for (var i = 0; i < vector.Samples.Length; i++)
                {
                    Raw(i == 0 ? "{\"metric\":"u8 : ",{\"metric\":"u8);
                    Labels(vector.Samples[i].Labels);
                    Raw(",\"value\":"u8);
                    Point(vector.Samples[i].UnixMilliseconds, vector.Samples[i].Value);
                    Raw("}"u8);
                    await SendAsync(cancellationToken);
                }

                Raw("]"u8);
                break;
            case QueryAnswer.Matrix matrix:
                Raw("matrix\",\"result\":["u8);
                var isFirst = true;
                foreach (var series in matrix.Series)
                {
                    Raw(isFirst ? "{\"metric\":"u8 : ",{\"metric\":"u8);
                    isFirst = false;
                    Labels(series.Labels);
                    Raw(",\"values\":"u8);
                    Points(series);
                    Raw("}"u8);
                    await SendAsync(cancellationToken);
                }

                Raw("]"u8);
                break;
        }

        await EndAsync("}}"u8.ToArray(), cancellationToken);
    }

    public Task WriteAsync(IEnumerable<LabelSet> series, CancellationToken cancellationToken) => WriteListAsync(series, Labels, cancellationToken);

    public Task WriteAsync(IEnumerable<string> texts, CancellationToken cancellationToken) => WriteListAsync(texts, Text, cancellationToken);

    public async Task WriteAsync(IEnumerable<MetricDefinition> metrics, CancellationToken cancellationToken)
    {
        Raw("{\"status\":\"success\",\"data\":{"u8);
        var first = true;
        foreach (var metric in metrics)
        {
            Raw(first ? ""u8 : ","u8);
            first = false;
            Text(metric.Name);
            Raw(":[{\"type\":"u8);
            Text(metric.KindName);
            Raw(",\"help\":"u8);
            Text(metric.Help);
            Raw(",\"unit\":"u8);
            Text(metric.Unit);
            Raw("}]"u8);
        }

        await EndAsync("}}"u8.ToArray(), cancellationToken);
    }

    public void Dispose()
    {
        // while a failed request is still being sent from it, the memory is left to the collector
        if (sending.IsCompleted)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            ArrayPool<byte>.Shared.Return(sent);
        }
    }

    private async Task WriteListAsync<T>(IEnumerable<T> list, Action<T> write, CancellationToken cancellationToken)
    {
        Raw("{\"status\":\"success\",\"data\":["u8);
        var first = true;
        foreach (var one in list)
        {
            if (!first)
            {
                Raw(","u8);
            }

            first = false;
            write(one);
            await SendAsync(cancellationToken);
        }

        await EndAsync("]}"u8.ToArray(), cancellationToken);
    }

    private async Task EndAsync(byte[] end, CancellationToken cancellationToken)
    {
        Raw(end);
        await SwapAsync(cancellationToken);
        await sending;
    }

    private ValueTask SendAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return length < SendBytes ? ValueTask.CompletedTask : SwapAsync(cancellationToken);
    }

    /// <summary>Begins to send what is written, once what was sent before is on its way.</summary>
    private async ValueTask SwapAsync(CancellationToken cancellationToken)
    {
        await sending;
        (buffer, sent) = (sent, buffer);
        sending = output.WriteAsync(sent.AsMemory(0, length), cancellationToken).AsTask();
        length = 0;
    }

    private Span<byte> Room(int bytes)
    {
        if (buffer.Length - length < bytes)
        {
            var longer = ArrayPool<byte>.Shared.Rent(Math.Max(buffer.Length * 2, length + bytes));
            buffer.AsSpan(0, length).CopyTo(longer);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = longer;
        }

        return buffer.AsSpan(length);
    }

    private void Raw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        length += bytes.Length;
    }

    private void Labels(LabelSet labels)
    {
        Raw("{"u8);
        foreach (var label in labels.Labels)
        {
            Text(label.Name);
            Raw(":"u8);
            Text(label.Value);
            Raw(","u8);
        }

        length -= labels.Labels.IsEmpty ? 0 : 1;
        Raw("}"u8);
    }

    private void Text(string text)
    {
        Raw("\""u8);
        if (text.AsSpan().ContainsAnyExcept(Plain))
        {
            Raw(JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);
        }
        else
        {
            length += Encoding.ASCII.GetBytes(text, Room(text.Length));
        }

        Raw("\""u8);
    }

    private void Points(TimeSeries series)
    {
        times.Set(series.UnixMilliseconds);
        var values = series.Values.Span;
        var room = Room((values.Length * (PointTimes.LongestTime + LongestValue)) + 2);
        var at = 0;
        room[at++] = (byte)'[';
        for (var i = 0; i < values.Length; i++)
        {
            var time = times[i];
            time.CopyTo(room[at..]);
            at += time.Length;
            at += Format(values[i], room[at..]);
            room[at++] = (byte)',';
        }

        at -= values.Length > 0 ? 1 : 0;
        room[at++] = (byte)']';
        length += at;
    }

    private void Point(long unixMilliseconds, double value)
    {
        Raw(PointTimes.Of(unixMilliseconds));
        length += Format(value, Room(LongestValue));
    }

    /// <summary>What follows a point's time.</summary>
    private static int Format(double value, Span<byte> target)
    {
        target[0] = (byte)',';
        target[1] = (byte)'"';
        var at = 2 + FormatValue(value, target[2..]);
        target[at++] = (byte)'"';
        target[at++] = (byte)']';
        return at;
    }

    private static int FormatValue(double value, Span<byte> target)
    {
        // most samples are counts, and most of the others have three decimals
        var whole = (long)value;
        if (Math.Abs(value) < ExactWholeEnd && BitConverter.DoubleToInt64Bits(whole) == BitConverter.DoubleToInt64Bits(value))
        {
            Utf8Formatter.TryFormat(whole, target, out var digits);
            return digits;
        }

        if (Math.Abs(value) < ThousandthsEnd && Math.Round(value * 1000) is var thousandths && BitConverter.DoubleToInt64Bits(thousandths / 1000) == BitConverter.DoubleToInt64Bits(value))
        {
            return FormatThousandths((long)thousandths, target);
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

    /// <summary>No shorter text means the same number: that of fifteen digits and fewer is one of its own.</summary>
    private static int FormatThousandths(long thousandths, Span<byte> target)
    {
        var at = 0;
        if (thousandths <= 0)
        {
            // minus zero too: its whole part has no sign
            target[at++] = (byte)'-';
            thousandths = -thousandths;
        }

        var (whole, rest) = Math.DivRem(thousandths, 1000);
        Utf8Formatter.TryFormat(whole, target[at..], out var digits);
        at += digits;
        if (rest != 0)
        {
            target[at++] = (byte)'.';
            while (rest > 0)
            {
                target[at++] = (byte)('0' + (rest / 100));
                rest = rest % 100 * 10;
            }
        }

        return at;
    }
}
