using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using NetPulse.Optimizer.Detection;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Optimizer.Profiles;

/// <summary><c>netpulse-optimizer profile check FILE</c>: a static profile, line by line, against this host, or against what a running optimizer has measured.</summary>
public static class ProfileCommand
{
    public const string Verb = "profile";

    /// <summary>A command line that cannot be followed (EX_USAGE of sysexits.h).</summary>
    private const int UsageError = 64;

    /// <summary>A file that cannot be read (EX_NOINPUT of sysexits.h).</summary>
    private const int InputError = 66;

    /// <summary>An optimizer that does not answer (EX_UNAVAILABLE of sysexits.h).</summary>
    private const int Unavailable = 69;

    private const string Usage =
        """
        netpulse-optimizer profile check FILE [--optimizer URL [--token-file FILE]]
            judges each line of a static profile (sysctl.conf, or a ConfigMap of such lines): helps, already so, useless, dangerous, unknown
            against this host's values alone, or, with --optimizer, as http://127.0.0.1:8470, against what was measured of every node and pod
            in a cluster the optimizer asks for a token, as kubectl create token gives one; SSL_CERT_FILE names who signed its certificate
            exit code 1 where a line is dangerous
        """;

    /// <param name="args">After the verb.</param>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, TextWriter output, TextWriter errors)
    {
        var optimizer = args is ["check", _, "--optimizer", var given, ..] && Uri.TryCreate(given, UriKind.Absolute, out var url) ? url : null;
        var tokenFile = args is [_, _, _, _, "--token-file", var named] ? named : null;
        if (args.Count != (optimizer, tokenFile) switch { (null, _) => 2, (_, null) => 4, _ => 6 } || args[0] != "check")
        {
            await errors.WriteLineAsync(Usage);
            return UsageError;
        }

        try
        {
            var text = await File.ReadAllTextAsync(args[1]);
            var (lines, problems) = ProfileFile.Read(text);
            foreach (var problem in problems)
            {
                await errors.WriteLineAsync($"{args[1]}: {problem}");
            }

            return optimizer is null ? await TellAsync(ProfileCheck.Judge(lines, ThisHost(lines)), output) : await AskAsync(optimizer, tokenFile, text, output, errors);
        }
        catch (HttpRequestException e)
        {
            await errors.WriteLineAsync($"{optimizer} cannot be reached ({e.Message}); without --optimizer the profile is judged by this host's values alone");
            return Unavailable;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await errors.WriteLineAsync(e.Message);
            return InputError;
        }
    }

    private static async Task<int> TellAsync(ImmutableArray<ProfileJudgement> judgements, TextWriter output)
    {
        foreach (var judgement in judgements)
        {
            await output.WriteLineAsync(judgement.ToString());
        }

        return judgements.Any(judgement => judgement.Verdict == ProfileVerdict.Dangerous) ? 1 : 0;
    }

    private static async Task<int> AskAsync(Uri optimizer, string? tokenFile, string text, TextWriter output, TextWriter errors)
    {
        using var client = new HttpClient();
        if (tokenFile is not null)
        {
            var token = (await File.ReadAllTextAsync(tokenFile)).Trim();
            client.DefaultRequestHeaders.Authorization = token.AsSpan().ContainsAny('\r', '\n', '\0') ? throw new IOException($"{tokenFile} must hold a token on one line") : new AuthenticationHeaderValue("Bearer", token);
        }

        using var body = new StringContent(text, new MediaTypeHeaderValue("text/plain"));
        using var answer = await client.PostAsync(new Uri(optimizer, "/api/v1/profile"), body);
        var told = Encoding.UTF8.GetString(await answer.Content.ReadAsByteArrayAsync());
        if (!answer.IsSuccessStatusCode)
        {
            await errors.WriteLineAsync($"{optimizer} refuses ({(int)answer.StatusCode}): {told.Trim()}{(answer.StatusCode == HttpStatusCode.Unauthorized ? "; name a file that holds one by --token-file" : "")}");
            return Unavailable;
        }

        await output.WriteAsync(told);
        return told.Contains($"{ProfileVerdict.Dangerous}:", StringComparison.Ordinal) ? 1 : 0;
    }

    /// <summary>The values in force here of what the profile names: nothing is known of pods, nor of what is wrong.</summary>
    private static ProfileEvidence ThisHost(ImmutableArray<ProfileLine> lines)
    {
        string[] needed = ["net.ipv4.tcp_available_congestion_control", "net.ipv4.tcp_congestion_control"];
        var names = lines.Select(line => line.Sysctl).Concat(needed).Distinct(StringComparer.Ordinal);
        return new ProfileEvidence(new Readings(names.Where(IsOfNetwork).SelectMany(Read)), ImmutableDictionary<string, Readings>.Empty, [], []);
    }

    private static bool IsOfNetwork(string name) => name.StartsWith("net.", StringComparison.Ordinal) && !name.Contains("..", StringComparison.Ordinal);

    private static IEnumerable<TimeSeries> Read(string name)
    {
        var file = $"/proc/sys/{name.Replace('.', '\0').Replace('/', '.').Replace('\0', '/')}";
        if (!File.Exists(file))
        {
            return [];
        }

        var fields = File.ReadAllText(file).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        string[] names = fields.Length switch { 1 => [""], 2 => ["min", "max"], _ => name.EndsWith("_mem", StringComparison.Ordinal) ? ["low", "pressure", "high"] : ["min", "default", "max"] };
        return fields.Length == names.Length && fields.All(field => double.TryParse(field, System.Globalization.CultureInfo.InvariantCulture, out _))
            ? fields.Select((field, i) => Point(LabelSet.Of(NamespaceMetrics.Sysctl.Name, (LabelNames.Sysctl, name), (LabelNames.Field, names[i])), double.Parse(field, System.Globalization.CultureInfo.InvariantCulture)))
            : [Point(LabelSet.Of(NamespaceMetrics.SysctlInfo.Name, (LabelNames.Sysctl, name), (LabelNames.Value, string.Join(' ', fields))), 1)];
    }

    private static TimeSeries Point(LabelSet labels, double value) => new(labels, new long[] { 0 }, new[] { value });
}
