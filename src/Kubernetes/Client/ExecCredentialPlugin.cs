using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Kubernetes.Client;

/// <summary>What a plugin gave.</summary>
/// <param name="Certificate">PEM; empty where it gave a token only.</param>
/// <param name="ExpiresAt">Absent: until it is refused.</param>
internal sealed record ExecCredential(string Token, string Certificate, string Key, DateTimeOffset? ExpiresAt)
{
    public override string ToString() => nameof(ExecCredential);
}

/// <summary>Runs the program that kubeconfig names and reads its ExecCredential.</summary>
internal static class ExecCredentialPlugin
{
    private const int LongestError = 500;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <exception cref="KubeconfigException">It is not there, failed, took more than a minute, or answered something else.</exception>
    public static async Task<ExecCredential> RunAsync(ExecPlugin plugin, KubernetesConfiguration configuration, TimeProvider time, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(plugin.Command)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var argument in plugin.Arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in plugin.Environment)
        {
            start.Environment[name] = value;
        }

        start.Environment["KUBERNETES_EXEC_INFO"] = Info(plugin, configuration);
        using var process = Start(plugin, start);
        using var deadline = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            process.StandardInput.Close();
            var error = process.StandardError.ReadToEndAsync(either.Token);
            var output = await process.StandardOutput.ReadToEndAsync(either.Token);
            await process.WaitForExitAsync(either.Token);
            return process.ExitCode == 0
                ? Read(plugin, output)
                : throw new KubeconfigException($"exec plugin {plugin.Command}: ended with code {process.ExitCode}: {Short(await error)}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new KubeconfigException($"exec plugin {plugin.Command}: gave no answer within {Duration.Format(Patience)}");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private static Process Start(ExecPlugin plugin, ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new KubeconfigException($"exec plugin {plugin.Command}: cannot be started: {e.Message}{(plugin.InstallHint.Length > 0 ? $"; {plugin.InstallHint}" : "")}", e);
        }
    }

    private static string Info(ExecPlugin plugin, KubernetesConfiguration configuration)
    {
        var spec = new JsonObject { ["interactive"] = false };
        if (plugin.ProvideClusterInfo)
        {
            spec["cluster"] = new JsonObject
            {
                ["server"] = configuration.Server.ToString(),
                ["tls-server-name"] = configuration.TlsServerName.Length > 0 ? configuration.TlsServerName : null,
                ["insecure-skip-tls-verify"] = configuration.SkipTlsVerify ? true : null,
                ["certificate-authority-data"] = configuration.CertificateAuthority is { } ca ? Convert.ToBase64String(Encoding.UTF8.GetBytes(ca.Read())) : null,
                ["proxy-url"] = configuration.Proxy?.ToString(),
            };
        }

        return new JsonObject { ["apiVersion"] = plugin.ApiVersion, ["kind"] = "ExecCredential", ["spec"] = spec }.ToJsonString();
    }

    private static ExecCredential Read(ExecPlugin plugin, string output)
    {
        ExecAnswer? answer;
        try
        {
            answer = JsonSerializer.Deserialize(output, KubernetesJson.TypeOf<ExecAnswer>());
        }
        catch (JsonException e)
        {
            throw new KubeconfigException($"exec plugin {plugin.Command}: its output is no ExecCredential", e);
        }

        if (answer?.ApiVersion != plugin.ApiVersion)
        {
            throw new KubeconfigException($"exec plugin {plugin.Command}: answered apiVersion '{answer?.ApiVersion}', kubeconfig asks for {plugin.ApiVersion}");
        }

        return answer.Status is { } status && (status.Token.Length > 0 || (status.ClientCertificateData.Length > 0 && status.ClientKeyData.Length > 0))
            ? new ExecCredential(status.Token, status.ClientCertificateData, status.ClientKeyData, status.ExpirationTimestamp)
            : throw new KubeconfigException($"exec plugin {plugin.Command}: gave neither a token nor a certificate with its key");
    }

    private static string Short(string text)
    {
        var line = text.Trim().ReplaceLineEndings(" ");
        return line.Length > LongestError ? line[..LongestError] : line;
    }

}

/// <summary>client.authentication.k8s.io ExecCredential, as a plugin prints it.</summary>
internal sealed record ExecAnswer
{
    public string ApiVersion { get; init; } = "";

    public ExecStatus? Status { get; init; }
}

internal sealed record ExecStatus
{
    public string Token { get; init; } = "";

    public string ClientCertificateData { get; init; } = "";

    public string ClientKeyData { get; init; } = "";

    public DateTimeOffset? ExpirationTimestamp { get; init; }

    public override string ToString() => nameof(ExecStatus);
}
