using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Collector.Export.Formats;

/// <summary>OpenTelemetry's protocol with protobuf, over HTTP or over gRPC.</summary>
internal sealed class OtlpFormat : IWireFormat
{
    private const string Status = "grpc-status";
    private const string StatusMessage = "grpc-message";
    private const int GrpcPrefixBytes = 5;

    private readonly OtlpEncoder encoder = new(typeof(OtlpFormat).Assembly.GetName().Version!.ToString(3));
    private readonly Uri export;
    private readonly bool isGrpc;
    private readonly TimeProvider time;

    /// <param name="url">The endpoint; without a path, the protocol's own.</param>
    /// <param name="protocol">Which of the two.</param>
    /// <param name="time">Tells how far off a <c>Retry-After</c> date is.</param>
    public OtlpFormat(Uri url, OtlpProtocol protocol, TimeProvider time)
    {
        this.time = time;
        isGrpc = protocol == OtlpProtocol.Grpc;
        export = isGrpc ? new Uri(url, "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export")
            : url.AbsolutePath == "/" ? new Uri(url, "/v1/metrics")
            : url;
    }

    public EncodedBody Encode(IReadOnlyList<SeriesPoints> series)
    {
        var message = Gzip.Compress(encoder.Encode(series));
        if (!isGrpc)
        {
            return new EncodedBody(message, 0);
        }

        // Length-prefixed message: whether it is compressed, how long it is.
        var framed = new byte[GrpcPrefixBytes + message.Length];
        framed[0] = 1;
        BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), message.Length);
        message.CopyTo(framed, GrpcPrefixBytes);
        return new EncodedBody(framed, 0);
    }

    public HttpRequestMessage Post(EncodedBody body)
    {
        var content = new ByteArrayContent(body.Bytes);
        var request = new HttpRequestMessage(HttpMethod.Post, export) { Content = content };
        if (!isGrpc)
        {
            content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
            content.Headers.ContentEncoding.Add("gzip");
            return request;
        }

        content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Version = HttpVersion.Version20;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        request.Headers.Add("te", "trailers");
        request.Headers.Add("grpc-encoding", "gzip");
        return request;
    }

    public async ValueTask<Answer> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var answer = await HttpAnswer.ReadAsync(response, time, cancellationToken);
        if (answer is not Answer.Accepted)
        {
            return answer;
        }

        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        if (!isGrpc)
        {
            return PartialSuccess(body);
        }

        // Trailers come after the body; an answer without a body has them as headers.
        var status = First(response.TrailingHeaders, Status) ?? First(response.Headers, Status);
        var problem = Uri.UnescapeDataString(First(response.TrailingHeaders, StatusMessage) ?? First(response.Headers, StatusMessage) ?? "");
        return int.TryParse(status, NumberStyles.None, CultureInfo.InvariantCulture, out var code)
            ? OfGrpc(code, problem, body)
            : new Answer.TryAgain("it answered without a gRPC status: is this the gRPC port?", null);
    }

    /// <summary>Codes after which the OTLP specification allows another try; those that are the operator's to mend; the rest is refused.</summary>
    /// <remarks>ResourceExhausted is a server's answer when it is busy, and also to a message that is too large.</remarks>
    private static Answer OfGrpc(int code, string problem, byte[] body)
    {
        const int Ok = 0, Cancelled = 1, DeadlineExceeded = 4, PermissionDenied = 7, ResourceExhausted = 8, Aborted = 10, OutOfRange = 11,
            Unimplemented = 12, Unavailable = 14, DataLoss = 15, Unauthenticated = 16;
        var said = $"it answered gRPC status {code} {problem}".TrimEnd();
        return code switch
        {
            Ok => PartialSuccess(body.Length > GrpcPrefixBytes && body[0] == 0 ? body.AsSpan(GrpcPrefixBytes) : []),
            Cancelled or DeadlineExceeded or ResourceExhausted or Aborted or OutOfRange or Unavailable or DataLoss
                or PermissionDenied or Unimplemented or Unauthenticated => new Answer.TryAgain(said, null, InLess: code == ResourceExhausted),
            _ => new Answer.Refused(said),
        };
    }

    /// <summary><c>ExportMetricsServiceResponse.partial_success</c>: how many points were not taken, and why.</summary>
    private static Answer PartialSuccess(ReadOnlySpan<byte> response)
    {
        const ulong PartialSuccessTag = (1 << 3) | 2, RejectedTag = 1 << 3, MessageTag = (2 << 3) | 2;
        try
        {
            var reader = new WireReader(response);
            if (reader.AtEnd || reader.Varint() != PartialSuccessTag)
            {
                return Answer.Accepted.Whole;
            }

            var partial = new WireReader(reader.LengthDelimited());
            var (rejected, problem) = (0L, "");
            while (!partial.AtEnd)
            {
                switch (partial.Varint())
                {
                    case RejectedTag:
                        rejected = (long)partial.Varint();
                        break;
                    case MessageTag:
                        problem = Encoding.UTF8.GetString(partial.LengthDelimited());
                        break;
                    default:
                        return new Answer.Accepted(rejected, problem);
                }
            }

            return new Answer.Accepted(rejected, problem);
        }
        catch (FormatException)
        {
            // It answered 200: what it adds (some write JSON, or text) tells nothing more.
            return Answer.Accepted.Whole;
        }
    }

    private static string? First(HttpHeaders headers, string name) => headers.TryGetValues(name, out var values) ? values.First() : null;
}
