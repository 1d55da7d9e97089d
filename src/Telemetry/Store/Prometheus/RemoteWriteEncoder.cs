using IronSnappy;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Telemetry.Store.Prometheus;

/// <summary>Samples as a Prometheus remote-write 1.0 request: protobuf <c>prometheus.WriteRequest</c> in one Snappy block.</summary>
/// <remarks>Source: prometheus.io/docs/specs/prw/remote_write_spec; prompb/remote.proto and types.proto.</remarks>
public static class RemoteWriteEncoder
{
    /// <summary>One entry a series, its samples in order of time, as the protocol demands.</summary>
    public static byte[] Encode(IReadOnlyList<Sample> samples)
    {
        var bySeries = new Dictionary<LabelSet, List<Sample>>();
        foreach (var sample in samples)
        {
            if (!bySeries.TryGetValue(sample.Labels, out var list))
            {
                list = [];
                bySeries.Add(sample.Labels, list);
            }

            list.Add(sample);
        }

        var request = new WireWriter();
        var series = new WireWriter();
        var part = new WireWriter();
        foreach (var (labels, readings) in bySeries)
        {
            series.Clear();
            foreach (var label in labels.Labels)
            {
                part.Clear();
                part.Varint(WriteRequestTags.LabelName);
                part.Text(label.Name);
                part.Varint(WriteRequestTags.LabelValue);
                part.Text(label.Value);
                Message(series, WriteRequestTags.SeriesLabel, part);
            }

            foreach (var reading in readings.OrderBy(reading => reading.UnixMilliseconds))
            {
                part.Clear();
                part.Varint(WriteRequestTags.SampleValue);
                part.Fixed64(BitConverter.DoubleToUInt64Bits(reading.Value));
                part.Varint(WriteRequestTags.SampleTimestamp);
                part.Varint((ulong)reading.UnixMilliseconds);
                Message(series, WriteRequestTags.SeriesSample, part);
            }

            Message(request, WriteRequestTags.Series, series);
        }

        return Snappy.Encode(request.Written);
    }

    private static void Message(WireWriter outer, uint tag, WireWriter inner)
    {
        outer.Varint(tag);
        outer.Varint((ulong)inner.Length);
        outer.Bytes(inner.Written);
    }
}
