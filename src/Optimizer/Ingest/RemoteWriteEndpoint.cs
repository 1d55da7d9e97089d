using System.Buffers;
using Microsoft.AspNetCore.Http.Features;
using NetPulse.Hosting;
using NetPulse.Telemetry.Store;
using NetPulse.Telemetry.Store.Prometheus;

namespace NetPulse.Optimizer.Ingest;

/// <summary>Takes Prometheus remote write 1.0 into the store; answered once the samples survive our end.</summary>
/// <remarks>400: no such request, do not send it again. 413: too large. 503: the store cannot take it now, try again. 507: its disk is full, try again. 500: it never will.</remarks>
internal static class RemoteWriteEndpoint
{
    private static readonly RemoteWriteLimits Limits = RemoteWriteLimits.Default;

    public static void MapRemoteWrite(this IEndpointRouteBuilder endpoints)
    {
        var decoder = new RemoteWriteDecoder(Limits);
        endpoints.MapPost("/api/v1/write", async (HttpContext context, ISampleStore store) =>
        {
            if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            {
                size.MaxRequestBodySize = Limits.CompressedBytes;
            }

            try
            {
                using var samples = await ReadAsync(context, decoder);

                // not cancelled with the request: the store still reads from the memory that is then given back
                await store.AppendAsync(samples.Samples, CancellationToken.None);
                return Results.NoContent();
            }
            catch (FormatException e)
            {
                return Results.Text(e.Message + "\n", statusCode: StatusCodes.Status400BadRequest);
            }
            catch (BadHttpRequestException e)
            {
                return Results.Text(e.Message + "\n", statusCode: e.StatusCode);
            }
            catch (SampleStoreException e)
            {
                return Results.Text(e.Message + "\n", statusCode: StatusOf(e));
            }
        }).WithMetadata(AccessRule.WriteSamples);
    }

    public static int StatusOf(SampleStoreException failure) => failure switch
    {
        { DiskFull: true } => StatusCodes.Status507InsufficientStorage,
        { Retryable: true } => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status500InternalServerError,
    };

    private static async Task<DecodedSamples> ReadAsync(HttpContext context, RemoteWriteDecoder decoder)
    {
        var body = context.Request.BodyReader;
        while (true)
        {
            var read = await body.ReadAsync(context.RequestAborted);
            if (read.IsCompleted)
            {
                var samples = Decode(read.Buffer, decoder);
                body.AdvanceTo(read.Buffer.End);
                return samples;
            }

            body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static DecodedSamples Decode(ReadOnlySequence<byte> body, RemoteWriteDecoder decoder)
    {
        if (body.IsSingleSegment)
        {
            return decoder.Decode(body.FirstSpan);
        }

        var length = (int)body.Length;
        var whole = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            body.CopyTo(whole);
            return decoder.Decode(whole.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(whole);
        }
    }
}
