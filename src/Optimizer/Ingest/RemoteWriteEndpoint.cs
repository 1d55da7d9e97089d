using Microsoft.AspNetCore.Http.Features;
using NetPulse.Telemetry.Store;
using NetPulse.Telemetry.Store.Prometheus;

namespace NetPulse.Optimizer.Ingest;

/// <summary>Takes Prometheus remote write 1.0 into the store; answered once the samples survive our end.</summary>
/// <remarks>400: no such request, do not send it again. 413: too large. 503: the store cannot take it now, try again. 500: it never will.</remarks>
internal static class RemoteWriteEndpoint
{
    private static readonly RemoteWriteLimits Limits = RemoteWriteLimits.Default;

    public static void MapRemoteWrite(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapPost("/api/v1/write", static async (HttpContext context, ISampleStore store) =>
        {
            // One byte more than allowed tells too large from just large enough.
            if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            {
                size.MaxRequestBodySize = Limits.CompressedBytes;
            }

            try
            {
                using var body = new MemoryStream();
                await context.Request.Body.CopyToAsync(body, context.RequestAborted);
                var samples = RemoteWriteDecoder.Decode(body.GetBuffer().AsSpan(0, (int)body.Length), Limits);
                await store.AppendAsync(samples, context.RequestAborted);
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
                return Results.Text(e.Message + "\n", statusCode: e.Retryable ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status500InternalServerError);
            }
        });
}
