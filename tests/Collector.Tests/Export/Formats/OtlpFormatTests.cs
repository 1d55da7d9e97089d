using System.Diagnostics.Metrics;
using System.Globalization;
using System.IO.Compression;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using NetPulse.Collector.Export;
using NetPulse.Collector.Export.Formats;
using NetPulse.Collector.Sampling;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Wire;
using NetPulse.Tests;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;

namespace NetPulse.Collector.Tests.Export.Formats;

/// <summary>Read by a decoder that reads the OpenTelemetry SDK's own requests as well.</summary>
public sealed class OtlpFormatTests
{
    private static readonly MetricDefinition Lookup = new("netpulse_dns_lookup_duration_seconds", MetricKind.Histogram, "seconds", "", "");

    private readonly TestClock clock = new();

    [Fact]
    public async Task What_we_send_means_what_the_sdk_would_send()
    {
        await using var store = await TestStore.StartAsync();
        using (var meter = new Meter("test"))
        {
            using var provider = Sdk.CreateMeterProviderBuilder()
                .AddMeter("test")
                .AddView("dns.lookup.duration", new ExplicitBucketHistogramConfiguration { Boundaries = [0.1, 1] })
                .AddOtlpExporter((exporter, reader) =>
                {
                    (exporter.Endpoint, exporter.Protocol) = (new Uri(store.Address, "/v1/metrics"), OtlpExportProtocol.HttpProtobuf);
                    reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = 600_000;
                })
                .Build();
            meter.CreateObservableCounter("k8s.pod.network.io", () => new Measurement<double>(1234.5,
                new("k8s.namespace.name", "shop"), new("k8s.pod.name", "web-0"), new("network.interface.name", "eth0"), new("network.io.direction", "transmit")), "By");
            meter.CreateObservableGauge("netpulse.tcp.smoothed_rtt", () => new Measurement<double>(0.25, new("k8s.pod.name", "web-0"), new("server.port", 443)), "s");
            var histogram = meter.CreateHistogram<double>("dns.lookup.duration", "s");
            foreach (var seconds in new[] { 0.05, 0.5, 0.5, 5 })
            {
                histogram.Record(seconds, new KeyValuePair<string, object?>("k8s.pod.name", "web-0"));
            }

            Assert.True(provider.ForceFlush());
        }

        var format = new OtlpFormat(store.Address, OtlpProtocol.Http, clock);
        Assert.IsType<Answer.Accepted>(await SendAsync(format));
        var requests = store.Requests.Select(request => Metrics(request.Headers.GetValueOrDefault("Content-Encoding") == "gzip" ? Unzip(request.Body) : request.Body)).ToList();
        Assert.Equal("/v1/metrics", store.Requests.Last().Path);
        Assert.Equal(requests[0], requests[^1]);
        Assert.Equal(3, requests[^1].Count);
    }

    [Fact]
    public async Task Node_cluster_and_zone_belong_to_the_resource()
    {
        await using var store = await TestStore.StartAsync();
        await SendAsync(new OtlpFormat(new Uri(store.Address, "/custom/path"), OtlpProtocol.Http, clock));
        var request = store.Requests.Single();
        Assert.Equal("/custom/path", request.Path);
        Assert.Equal(["k8s.cluster.name=prod", "k8s.node.name=n", "service.name=netpulse-collector"],
            Attributes(Field(Field(Unzip(request.Body), 1), 1), 1).Where(one => !one.StartsWith("service.version", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("0", nameof(Answer.Accepted))]
    [InlineData("14", nameof(Answer.TryAgain))]
    [InlineData("16", nameof(Answer.TryAgain))]
    [InlineData("8", nameof(Answer.TryAgain), true)]
    [InlineData("3", nameof(Answer.Refused))]
    public async Task Over_grpc_the_status_in_the_trailers_decides(string status, string expected, bool inLess = false)
    {
        await using var store = await TestStore.StartAsync(HttpProtocols.Http2);
        store.Always = async context =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(new byte[5]);
            context.Response.AppendTrailer("grpc-status", status);
        };
        var answer = await SendAsync(new OtlpFormat(store.Address, OtlpProtocol.Grpc, clock));
        Assert.Equal((expected, inLess), (answer.GetType().Name, answer is Answer.TryAgain { InLess: true }));
        var request = store.Requests.Single();
        Assert.Equal("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", request.Path);
        Assert.Equal(request.Body.Length - 5, (request.Body[3] << 8) + request.Body[4]);
        Assert.Equal(3, Metrics(Unzip(request.Body[5..])).Count);
    }

    [Fact]
    public async Task Points_that_the_other_side_rejects_are_told()
    {
        await using var store = await TestStore.StartAsync();
        var partial = new WireWriter();
        partial.Varint((1 << 3) | 2);
        partial.Varint(2);
        partial.Varint(1 << 3);
        partial.Varint(2);
        store.Always = context => context.Response.Body.WriteAsync(partial.Written.ToArray()).AsTask();
        Assert.Equal(2, Assert.IsType<Answer.Accepted>(await SendAsync(new OtlpFormat(store.Address, OtlpProtocol.Http, clock))).RefusedSamples);
    }

    private async Task<Answer> SendAsync(OtlpFormat format)
    {
        var writer = new SampleWriter(clock.GetUtcNow());
        (string, string)[] place = [(LabelNames.Node, "n"), (LabelNames.Cluster, "prod"), (LabelNames.Pod, "web-0")];
        writer.Write(NamespaceMetrics.InterfaceBytes, LabelSet.Of(NamespaceMetrics.InterfaceBytes.Name,
            [.. place, (LabelNames.Namespace, "shop"), (LabelNames.Interface, "eth0"), (LabelNames.Direction, LabelNames.Transmit)]), 1234.5);
        writer.Write(TcpMetrics.SmoothedRtt, LabelSet.Of(TcpMetrics.SmoothedRtt.Name, [.. place, (LabelNames.ServerPort, "443")]), 0.25);
        var histogram = new HistogramSeries(LabelSet.Of(Lookup.Name, place), [0.1, 1]);
        foreach (var seconds in new[] { 0.05, 0.5, 0.5, 5 })
        {
            histogram.Observe(seconds);
        }

        writer.Write(Lookup, histogram);
        using var client = new HttpClient();
        using var request = format.Post(format.Encode(SeriesBatch.Of([new Reading(writer.At, writer.Families())], new LabelMatch(new Dictionary<string, List<string>>()), 1000).Single()));
        using var response = await client.SendAsync(request);
        return await format.ReadAsync(response, CancellationToken.None);
    }

    private static byte[] Unzip(byte[] bytes)
    {
        using var gzip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
        using var output = new MemoryStream();
        gzip.CopyTo(output);
        return output.ToArray();
    }

    /// <summary>A line a point, without times, in order.</summary>
    private static List<string> Metrics(byte[] request)
    {
        var lines = new List<string>();
        foreach (var scope in All(request, 1).SelectMany(resource => All(resource, 2)))
        {
            foreach (var metric in All(scope, 2))
            {
                var head = $"{Text(metric, 1)} [{Text(metric, 3)}]";
                lines.AddRange(All(metric, 5).SelectMany(gauge => All(gauge, 1)).Select(point => $"{head} gauge {{{string.Join(',', Attributes(point, 7).Order(StringComparer.Ordinal))}}} {Number(point, 4)}"));
                lines.AddRange(All(metric, 7).SelectMany(sum => All(sum, 1).Select(point =>
                    $"{head} sum temporality {Varint(sum, 2)} monotonic {Varint(sum, 3)} {{{string.Join(',', Attributes(point, 7).Order(StringComparer.Ordinal))}}} {Number(point, 4)}")));
                lines.AddRange(All(metric, 9).SelectMany(histogram => All(histogram, 1).Select(point =>
                    $"{head} histogram temporality {Varint(histogram, 2)} {{{string.Join(',', Attributes(point, 9))}}} count {Fixed(point, 4)} sum {Number(point, 5)} buckets {string.Join(',', Words(point, 6))} bounds {string.Join(',', Words(point, 7).Select(word => BitConverter.UInt64BitsToDouble(word).ToString(CultureInfo.InvariantCulture)))}")));
            }
        }

        return [.. lines.Order(StringComparer.Ordinal)];
    }

    private static IEnumerable<string> Attributes(byte[] message, int field) => All(message, field).Select(pair =>
        $"{Text(pair, 1)}={(All(Field(pair, 2), 1).Select(System.Text.Encoding.UTF8.GetString).FirstOrDefault() ?? Varint(Field(pair, 2), 3).ToString(CultureInfo.InvariantCulture))}");

    private static byte[] Field(byte[] message, int field) => All(message, field).FirstOrDefault() ?? [];

    private static string Text(byte[] message, int field) => System.Text.Encoding.UTF8.GetString(Field(message, field));

    private static ulong Varint(byte[] message, int field) => Fields(message).Where(one => one.Field == field).Select(one => one.Number).FirstOrDefault();

    private static ulong Fixed(byte[] message, int field) => Varint(message, field);

    private static string Number(byte[] message, int field) => BitConverter.UInt64BitsToDouble(Varint(message, field)).ToString(CultureInfo.InvariantCulture);

    private static IEnumerable<ulong> Words(byte[] message, int field) => Field(message, field).Chunk(sizeof(ulong)).Select(word => BitConverter.ToUInt64(word));

    private static IEnumerable<byte[]> All(byte[] message, int field) => Fields(message).Where(one => one.Field == field && one.Bytes is not null).Select(one => one.Bytes!);

    private static List<(int Field, ulong Number, byte[]? Bytes)> Fields(byte[] message)
    {
        var fields = new List<(int, ulong, byte[]?)>();
        var reader = new WireReader(message);
        while (!reader.AtEnd)
        {
            var tag = reader.Varint();
            var field = (int)(tag >> 3);
            switch (tag & 7)
            {
                case 0:
                    fields.Add((field, reader.Varint(), null));
                    break;
                case 1:
                    fields.Add((field, reader.Fixed64(), null));
                    break;
                case 2:
                    fields.Add((field, 0, reader.LengthDelimited().ToArray()));
                    break;
                default:
                    fields.Add((field, reader.Fixed32(), null));
                    break;
            }
        }

        return fields;
    }
}
