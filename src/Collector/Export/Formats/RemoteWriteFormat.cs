using System.Net.Http.Headers;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Store.Prometheus;

namespace NetPulse.Collector.Export.Formats;

/// <summary>Prometheus remote write 1.0.</summary>
internal sealed class RemoteWriteFormat(Uri url, TimeProvider time) : IWireFormat
{
    private static readonly MediaTypeHeaderValue Protobuf = new("application/x-protobuf");

    public EncodedBody Encode(IReadOnlyList<SeriesPoints> series) => new(RemoteWriteEncoder.Encode(
        [.. series.SelectMany(one => one.Points.Select(point => new Sample(one.Labels, point.UnixMilliseconds, point.Value)))]), 0);

    public HttpRequestMessage Post(EncodedBody body)
    {
        var content = new ByteArrayContent(body.Bytes);
        content.Headers.ContentType = Protobuf;
        content.Headers.ContentEncoding.Add("snappy");
        var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = content };
        request.Headers.Add("X-Prometheus-Remote-Write-Version", "0.1.0");
        return request;
    }

    public ValueTask<Answer> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken) =>
        HttpAnswer.ReadAsync(response, time, cancellationToken);
}
