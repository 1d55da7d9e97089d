using System.Diagnostics.Metrics;
using System.IO.Compression;
using Microsoft.AspNetCore.Http.Features;
using NetPulse.Hosting;
using NetPulse.Telemetry.Store;
using NetPulse.Telemetry.Store.Influx;

namespace NetPulse.Optimizer.Ingest;

/// <summary>Takes Influx line protocol into the store, as InfluxDB 1 (<c>/write</c>) and 2 (<c>/api/v2/write</c>) do; answered once the samples survive our end.</summary>
/// <remarks>
/// 204: all is kept. 400: the lines that are named are not, the others are. 413: too large, nothing is kept. 503: the store cannot take it now, try again. 507: its disk is full.
/// Database, bucket and organisation are taken and not kept: there is one store.
/// </remarks>
internal sealed class LineProtocolEndpoint : IDisposable
{
    private const int LinesNamed = 5;

    private static readonly LineProtocolLimits Limits = LineProtocolLimits.Default;

    private readonly ISampleStore store;
    private readonly TimeProvider time;
    private readonly Meter meter = new("NetPulse.Optimizer");
    private readonly Counter<long> refused;
    private readonly Counter<long> dropped;

    public LineProtocolEndpoint(ISampleStore store, TimeProvider time)
    {
        this.store = store;
        this.time = time;
        refused = meter.CreateCounter<long>("netpulse_ingest_lines_refused", description: "Lines of line protocol that were malformed.");
        dropped = meter.CreateCounter<long>("netpulse_ingest_texts_dropped", description: "Fields of line protocol whose values are texts.");
    }

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost("/write", static (HttpContext context, LineProtocolEndpoint endpoint) => endpoint.WriteAsync(context, static message => new { error = message })).WithMetadata(AccessRule.WriteSamples);
        endpoints.MapPost("/api/v2/write", static (HttpContext context, LineProtocolEndpoint endpoint) =>
            endpoint.WriteAsync(context, static message => new { code = "invalid", message })).WithMetadata(AccessRule.WriteSamples);
        // what writers ask before they write
        endpoints.MapMethods("/ping", [HttpMethods.Get, HttpMethods.Head], static () => Results.NoContent()).WithMetadata(AccessRule.Open);
    }

    public void Dispose() => meter.Dispose();

    private async Task<IResult> WriteAsync(HttpContext context, Func<string, object> error)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = Limits.SentBytes;
        }

        try
        {
            var unit = TimeUnits.Parse(context.Request.Query["precision"]);
            using var body = await BodyAsync(context);
            var batch = LineProtocolDecoder.Decode(body.GetBuffer().AsSpan(0, (int)body.Length), unit, time.GetUtcNow(), Limits);
            refused.Add(batch.Refused.Count);
            dropped.Add(batch.TextsDropped);
            await store.AppendAsync(batch.Samples, context.RequestAborted);
            return batch.Refused.Count == 0
                ? Results.NoContent()
                : Results.Json(error($"partial write: {batch.Refused.Count} of {batch.Lines} lines refused: {Named(batch)}"), statusCode: StatusCodes.Status400BadRequest);
        }
        catch (Exception e) when (e is FormatException or InvalidDataException)
        {
            return Results.Json(error(e.Message), statusCode: StatusCodes.Status400BadRequest);
        }
        catch (BadHttpRequestException e)
        {
            return Results.Json(error(e.Message), statusCode: e.StatusCode);
        }
        catch (SampleStoreException e)
        {
            return Results.Json(error(e.Message), statusCode: RemoteWriteEndpoint.StatusOf(e));
        }
    }

    private static string Named(LineProtocolBatch batch) =>
        string.Join("; ", batch.Refused.Take(LinesNamed).Select(static line => $"line {line.Number}: {line.Reason}")) + (batch.Refused.Count > LinesNamed ? "; ..." : "");

    private static async Task<MemoryStream> BodyAsync(HttpContext context)
    {
        var encoding = context.Request.Headers.ContentEncoding.ToString();
        await using var body = encoding switch
        {
            "gzip" => new GZipStream(context.Request.Body, CompressionMode.Decompress),
            "" or "identity" => context.Request.Body,
            _ => throw new BadHttpRequestException($"Content-Encoding {encoding} is not understood; gzip is", StatusCodes.Status415UnsupportedMediaType),
        };
        var unpacked = new MemoryStream();
        var buffer = new byte[64 << 10];
        while (await body.ReadAsync(buffer, context.RequestAborted) is > 0 and var read)
        {
            await unpacked.WriteAsync(buffer.AsMemory(0, read), context.RequestAborted);
            if (unpacked.Length > Limits.UncompressedBytes)
            {
                throw new BadHttpRequestException($"The request has more than {Limits.UncompressedBytes} bytes when unpacked", StatusCodes.Status413PayloadTooLarge);
            }
        }

        return unpacked;
    }
}
