using System.Text;
using IronSnappy;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Prometheus;
using NetPulse.Telemetry.Store.Wire;
using NetPulse.Tests;

namespace NetPulse.Telemetry.Tests.Store.Prometheus;

public sealed class RemoteWriteTests
{
    private static readonly LabelSet M = LabelSet.Of("m", ("pod", "a"), ("text", "Grüße \"\\\n"));

    [Fact]
    public void What_is_encoded_is_decoded_bit_by_bit()
    {
        double[] values = [0, -0.0, 1.5, double.NaN, BitConverter.UInt64BitsToDouble(0x7ff0_0000_0000_0002), double.PositiveInfinity, double.MinValue];
        var samples = values.Select((value, i) => new Sample(i % 2 == 0 ? M : LabelSet.Of("n"), i, value)).ToArray();
        var decoded = Decode(RemoteWriteEncoder.Encode(samples));
        Assert.Equal(
            samples.OrderBy(s => s.Labels.Name).Select(s => (s.Labels, s.UnixMilliseconds, BitConverter.DoubleToInt64Bits(s.Value))),
            decoded.OrderBy(s => s.Labels.Name).Select(s => (s.Labels, s.UnixMilliseconds, BitConverter.DoubleToInt64Bits(s.Value))));
    }

    [Fact]
    public void A_series_is_sent_once_with_its_samples_in_order_of_time()
    {
        var request = RemoteWriteEncoder.Encode([new Sample(M, 3, 3), new Sample(LabelSet.Of("n"), 1, 1), new Sample(M, 1, 1), new Sample(M, 2, 2)]);
        Assert.Equal([1L, 2, 3, 1], Decode(request).Select(sample => sample.UnixMilliseconds));
        var protobuf = Encoding.Latin1.GetString(Snappy.Decode(request));
        Assert.Equal(protobuf.IndexOf("pod", StringComparison.Ordinal), protobuf.LastIndexOf("pod", StringComparison.Ordinal));
    }

    [Fact]
    public void The_wire_is_that_of_the_specification()
    {
        // timeseries { labels { "__name__", "m" } samples { value: 1, timestamp: 300 } }, written out by hand
        byte[] expected =
        [
            0x0a, 0x1d, 0x0a, 0x0d, 0x0a, 0x08, .. "__name__"u8, 0x12, 0x01, (byte)'m',
            0x12, 0x0c, 0x09, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0x10, 0xac, 0x02,
        ];
        Assert.Equal(expected, Snappy.Decode(RemoteWriteEncoder.Encode([new Sample(LabelSet.Of("m"), 300, 1)])));
    }

    [Fact]
    public void Nothing_is_a_request_too() => Assert.Empty(Decode(RemoteWriteEncoder.Encode([])));

    [Fact]
    public void A_bomb_is_refused_by_its_announcement()
    {
        var request = new WireWriter();
        request.Varint(1L << 40);
        request.Byte(0);
        var e = Assert.Throws<FormatException>(() => Decode(request.Written.ToArray()));
        Assert.Contains("uncompressed bytes", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_that_is_too_long_is_refused() => AssertRefused(new byte[RemoteWriteLimits.Default.CompressedBytes + 1], "bytes; ");

    [Fact]
    public void Invalid_utf8_is_refused()
    {
        var protobuf = Snappy.Decode(RemoteWriteEncoder.Encode([new Sample(LabelSet.Of("m", ("a", "bcd")), 1, 1)]));
        protobuf[protobuf.AsSpan().IndexOf("bcd"u8)] = 0xff;
        AssertRefused(Snappy.Encode(protobuf), "UTF-8");
    }

    [Fact]
    public void More_labels_than_a_series_can_mean_are_refused()
    {
        var labels = LabelSet.Of("m", [.. Enumerable.Range(0, 100).Select(i => ($"l{i}", "v"))]);
        AssertRefused(RemoteWriteEncoder.Encode([new Sample(labels, 1, 1)]), "more than 100 labels");
        AssertRefused(RemoteWriteEncoder.Encode([new Sample(LabelSet.Of("m", ("a", new string('x', 70_000))), 1, 1)]), "65536 bytes");
    }

    [Fact]
    public void More_samples_than_are_believed_are_refused()
    {
        var request = RemoteWriteEncoder.Encode([.. Enumerable.Range(0, 4).Select(i => new Sample(M, i, i))]);
        var e = Assert.Throws<FormatException>(() => RemoteWriteDecoder.Decode(request, new RemoteWriteLimits { Samples = 3 }));
        Assert.Contains("more than 3 samples", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_time_that_is_no_date_is_refused() => AssertRefused(RemoteWriteEncoder.Encode([new Sample(M, -1, 1)]), "no date");

    [Fact]
    public void A_series_without_a_name_is_refused() => AssertRefused(RemoteWriteEncoder.Encode([new Sample(LabelSet.From([new Label("a", "b")]), 1, 1)]), "no metric name");

    [Fact]
    public void A_sender_that_sends_again_in_any_order_is_read_as_the_first_time()
    {
        var random = new Random(4);
        var series = Enumerable.Range(0, 500).Select(i => LabelSet.Of("m", ("pod", $"service-{i % 10}"), ("port", $"{i / 10}"))).ToArray();
        var decoder = new RemoteWriteDecoder(RemoteWriteLimits.Default);
        for (var round = 0; round < 50; round++)
        {
            random.Shuffle(series);
            var request = RemoteWriteEncoder.Encode([.. series.Take(random.Next(500)).SelectMany(one => Enumerable.Range(0, 3).Select(i => new Sample(one, round + i, random.Next())))]);
            using var decoded = decoder.Decode(request);
            Assert.Equal(Decode(request), decoded.Samples);
        }
    }

    [Fact]
    public void Whatever_the_bytes_it_throws_FormatException_or_nothing()
    {
        var protobuf = Snappy.Decode(RemoteWriteEncoder.Encode([.. Enumerable.Range(0, 20).Select(i => new Sample(M, i, i * 0.1)), new Sample(LabelSet.Of("n"), 1, 1)]));
        var compressed = Snappy.Encode(protobuf);
        var decoded = 0;
        var rounds = 0;
        foreach (var seed in Fuzzing.Rounds(30_000))
        {
            var random = new Random(seed);
            rounds++;

            // damaged inside the block, damaged outside it, and plain noise
            var request = (seed % 3) switch
            {
                0 => Snappy.Encode(Damaged(protobuf, random)),
                1 => Damaged(compressed, random),
                _ => Noise(random),
            };
            try
            {
                Decode(request);
                decoded++;
            }
            catch (FormatException)
            {
                // this is the answer to what is no request
            }
        }

        Assert.InRange(decoded, 1, rounds - 1);
    }

    private static byte[] Damaged(byte[] good, Random random)
    {
        var bytes = good[..(random.Next(4) == 0 ? random.Next(good.Length) : good.Length)];
        for (var i = random.Next(1, 4); i > 0 && bytes.Length > 0; i--)
        {
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        }

        return bytes;
    }

    private static byte[] Noise(Random random)
    {
        var bytes = new byte[random.Next(64)];
        random.NextBytes(bytes);
        if (bytes.Length > 0)
        {
            bytes[0] &= 0x7f; // a short announcement, so that it comes to decompressing
        }

        return bytes;
    }

    private static void AssertRefused(byte[] request, string words) =>
        Assert.Contains(words, Assert.Throws<FormatException>(() => Decode(request)).Message, StringComparison.Ordinal);

    private static IReadOnlyList<Sample> Decode(byte[] request) => RemoteWriteDecoder.Decode(request, RemoteWriteLimits.Default);
}
