using System.Buffers;
using System.Buffers.Binary;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Telemetry.Store.Prometheus;

/// <summary>Reads a Prometheus remote-write 1.0 request. Metadata, exemplars and native histograms are skipped.</summary>
/// <remarks>
/// Not by Google.Protobuf: its reader takes invalid UTF-8 for valid, and offers no way into a nested message without a copy of it.
/// </remarks>
public sealed class RemoteWriteDecoder(RemoteWriteLimits limits)
{
    private static readonly long LatestUnixMilliseconds = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    /// <summary>Tag and length of a sample, tag and eight bytes of its value, tag and six bytes of its time.</summary>
    private const int UsualSampleBytes = 18;

    private const uint UsualSampleBegin = WriteRequestTags.SeriesSample | (16 << 8) | (WriteRequestTags.SampleValue << 16);

    /// <summary>The time's tag in the second byte, and the bits of the six above it that say whether another byte follows.</summary>
    private const ulong UsualTimeMask = 0x8080_8080_8080_ff00;

    private const ulong UsualTimeTags = 0x0080_8080_8080_0000 | (WriteRequestTags.SampleTimestamp << 8);

    private readonly LabelSetCache cache = new();

    /// <exception cref="FormatException">The request is malformed, or larger than <paramref name="limits"/> allow; the text says which.</exception>
    public static IReadOnlyList<Sample> Decode(ReadOnlySpan<byte> request, RemoteWriteLimits limits)
    {
        using var decoded = new RemoteWriteDecoder(limits).Decode(request);
        return [.. decoded.Samples];
    }

    /// <summary>Reads a request of a sender that sends again and again: labels that were met before cost no memory. Safe for use by several threads.</summary>
    /// <exception cref="FormatException">The request is malformed, or larger than the limits allow; the text says which.</exception>
    public DecodedSamples Decode(ReadOnlySpan<byte> request)
    {
        var length = CheckedLength(request);
        var uncompressed = ArrayPool<byte>.Shared.Rent(length + SnappyBlock.Slack);
        var samples = new DecodedSamples();
        try
        {
            SnappyBlock.Decompress(request, uncompressed);
            var reader = new WireReader(uncompressed.AsSpan(0, length));
            KnownLabels? before = null;
            while (!reader.AtEnd)
            {
                var tag = Tag(ref reader);
                if (tag == WriteRequestTags.Series)
                {
                    DecodeSeries(reader.LengthDelimited(), samples, ref before);
                }
                else
                {
                    Skip(ref reader, tag);
                }
            }

            return samples;
        }
        catch
        {
            samples.Dispose();
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(uncompressed);
        }
    }

    private int CheckedLength(ReadOnlySpan<byte> request)
    {
        if (request.Length > limits.CompressedBytes)
        {
            throw new FormatException($"The request has {request.Length} bytes; {limits.CompressedBytes} are allowed");
        }

        // the block's own first number, looked at before anything is allocated by it
        var announced = SnappyBlock.AnnouncedBytes(request);
        return announced <= (ulong)limits.UncompressedBytes
            ? (int)announced
            : throw new FormatException($"The request announces {announced} uncompressed bytes; {limits.UncompressedBytes} are allowed");
    }

    /// <param name="series">A series' message.</param>
    /// <param name="samples">Gets its samples.</param>
    /// <param name="before">The series before it: a sender sends the same ones in the same order again and again.</param>
    private void DecodeSeries(ReadOnlySpan<byte> series, DecodedSamples samples, ref KnownLabels? before)
    {
        var count = samples.Count;
        if (before?.Next is { } next && next.BeginsSamplesOf(series))
        {
            before = next;
            if (TryDecodeSamples(series[next.Length..], next.Labels, samples))
            {
                return;
            }

            samples.Truncate(count);
        }

        // labels stand before samples by custom, not by rule
        var first = LabelsBeforeSamples(series, out var more);
        if (more)
        {
            before = null;
            AddSamples(series[first.Length..], DecodeLabels(series), samples);
            return;
        }

        if (!cache.TryGet(first, out var known))
        {
            known = cache.Add(first, DecodeLabels(series));
        }

        before?.Next = known;
        before = known;
        AddSamples(series[first.Length..], known.Labels, samples);
    }

    /// <returns>Whether no labels stand among them.</returns>
    private bool TryDecodeSamples(ReadOnlySpan<byte> fields, LabelSet labels, DecodedSamples samples)
    {
        // as every sender writes a sample of this century: a value that is not 0, and six bytes of time; anything else is read field by field
        while (fields.Length >= UsualSampleBytes
            && (BinaryPrimitives.ReadUInt32LittleEndian(fields) & 0xff_ffff) == UsualSampleBegin
            && BinaryPrimitives.ReadUInt64LittleEndian(fields[10..]) is var end
            && (end & UsualTimeMask) == UsualTimeTags
            && samples.Count < limits.Samples)
        {
            end >>= 16;
            var time = (end & 0x7f) | ((end >> 1) & (0x7fUL << 7)) | ((end >> 2) & (0x7fUL << 14)) | ((end >> 3) & (0x7fUL << 21)) | ((end >> 4) & (0x7fUL << 28)) | ((end >> 5) & (0x7fUL << 35));
            samples.Add(new Sample(labels, (long)time, BinaryPrimitives.ReadDoubleLittleEndian(fields[3..])));
            fields = fields[UsualSampleBytes..];
        }

        return fields.IsEmpty || AddSamples(fields, labels, samples);
    }

    /// <returns>Whether no labels stand among them.</returns>
    private bool AddSamples(ReadOnlySpan<byte> fields, LabelSet labels, DecodedSamples samples)
    {
        var alone = true;
        var reader = new WireReader(fields);
        while (!reader.AtEnd)
        {
            var tag = Tag(ref reader);
            if (tag == WriteRequestTags.SeriesSample)
            {
                if (samples.Count == limits.Samples)
                {
                    throw new FormatException($"The request has more than {limits.Samples} samples");
                }

                samples.Add(DecodeSample(reader.LengthDelimited(), labels));
            }
            else
            {
                alone &= tag != WriteRequestTags.SeriesLabel;
                Skip(ref reader, tag);
            }
        }

        return alone;
    }

    /// <param name="series">A series' message.</param>
    /// <param name="more">Whether labels stand behind others of its fields too.</param>
    private static ReadOnlySpan<byte> LabelsBeforeSamples(ReadOnlySpan<byte> series, out bool more)
    {
        var reader = new WireReader(series);
        var length = 0;
        while (!reader.AtEnd && Tag(ref reader) == WriteRequestTags.SeriesLabel)
        {
            reader.LengthDelimited();
            length = series.Length - reader.Remaining;
        }

        reader = new WireReader(series[length..]);
        more = false;
        while (!reader.AtEnd)
        {
            var tag = Tag(ref reader);
            more |= tag == WriteRequestTags.SeriesLabel;
            Skip(ref reader, tag);
        }

        return series[..length];
    }

    private LabelSet DecodeLabels(ReadOnlySpan<byte> series)
    {
        var labels = new List<Label>();
        var bytes = 0;
        var reader = new WireReader(series);
        while (!reader.AtEnd)
        {
            var tag = Tag(ref reader);
            if (tag != WriteRequestTags.SeriesLabel)
            {
                Skip(ref reader, tag);
                continue;
            }

            var label = reader.LengthDelimited();
            bytes += label.Length;
            if (labels.Count == limits.Labels || bytes > limits.LabelBytes)
            {
                throw new FormatException($"A series has more than {limits.Labels} labels or {limits.LabelBytes} bytes of them");
            }

            labels.Add(DecodeLabel(label));
        }

        try
        {
            var set = LabelSet.From(labels);
            return set.Name.Length > 0 ? set : throw new FormatException($"A series has no metric name: {set}");
        }
        catch (ArgumentException e)
        {
            throw new FormatException(e.Message, e);
        }
    }

    private Label DecodeLabel(ReadOnlySpan<byte> label)
    {
        var name = "";
        var value = "";
        var reader = new WireReader(label);
        while (!reader.AtEnd)
        {
            var tag = Tag(ref reader);
            switch (tag)
            {
                case WriteRequestTags.LabelName:
                    name = cache.Shared(reader.Text());
                    break;
                case WriteRequestTags.LabelValue:
                    value = cache.Shared(reader.Text());
                    break;
                default:
                    Skip(ref reader, tag);
                    break;
            }
        }

        return name.Length > 0 ? new Label(name, value) : throw new FormatException("A label has no name");
    }

    private static Sample DecodeSample(ReadOnlySpan<byte> sample, LabelSet labels)
    {
        var value = 0.0;
        long unixMilliseconds = 0;
        var reader = new WireReader(sample);
        while (!reader.AtEnd)
        {
            var tag = Tag(ref reader);
            switch (tag)
            {
                case WriteRequestTags.SampleValue:
                    value = BitConverter.UInt64BitsToDouble(reader.Fixed64());
                    break;
                case WriteRequestTags.SampleTimestamp:
                    unixMilliseconds = (long)reader.Varint();
                    break;
                default:
                    Skip(ref reader, tag);
                    break;
            }
        }

        return unixMilliseconds >= 0 && unixMilliseconds <= LatestUnixMilliseconds
            ? new Sample(labels, unixMilliseconds, value)
            : throw new FormatException($"A sample of {labels.Name} has the time {unixMilliseconds} ms, which is no date");
    }

    private static uint Tag(ref WireReader reader)
    {
        var tag = reader.Varint();
        return tag is > WriteRequestTags.WireTypeMask and <= uint.MaxValue ? (uint)tag : throw new FormatException($"{tag} is no protobuf tag");
    }

    private static void Skip(ref WireReader reader, uint tag)
    {
        switch (tag & WriteRequestTags.WireTypeMask)
        {
            case WriteRequestTags.Varint:
                reader.Varint();
                break;
            case WriteRequestTags.Fixed64:
                reader.Fixed64();
                break;
            case WriteRequestTags.LengthDelimited:
                reader.LengthDelimited();
                break;
            case WriteRequestTags.Fixed32:
                reader.Fixed32();
                break;
            default:
                throw new FormatException($"Field {tag >> 3} has a wire type that proto3 does not know");
        }
    }
}
