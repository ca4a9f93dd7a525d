// Reads a Compose file or a Dockerfile as Docker's own programs do, with their own packages and without an engine.
//
//	compose-judge compose FILE ENV-FILE [PROFILE…]   prints the project as JSON, everything filled in
//	compose-judge dockerfile FILE                    prints what `docker build --check` has to say, a line each
//	compose-judge context FOLDER                     prints the files of FOLDER that .dockerignore lets into a build
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
	"github.com/opencontainers/go-digest"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	switch {
	case len(args) >= 3 && args[0] == "compose":
		return judgeCompose(ctx, args[1], args[2], args[3:])
	case len(args) == 2 && args[0] == "dockerfile":
		return judgeDockerfile(ctx, args[1])
	case len(args) == 2 && args[0] == "context":
		return listContext(args[1])
	}
	return fmt.Errorf("usage: compose-judge compose FILE ENV-FILE [PROFILE…] | dockerfile FILE | context FOLDER")
}

// judgeCompose loads the file as `docker compose --env-file … --profile … config` does: schema, merging, variables, and
// whether everything that is named is there.
func judgeCompose(ctx context.Context, file, env string, profiles []string) error {
	options, err := cli.NewProjectOptions([]string{file},
		cli.WithName("btcdmon-node"),
		cli.WithEnvFiles(env),
		cli.WithDotEnv,
		cli.WithProfiles(profiles),
		cli.WithInterpolation(true),
		cli.WithNormalization(true),
		cli.WithConsistency(true),
		cli.WithResolvedPaths(true),
	)
	if err != nil {
		return err
	}
	project, err := options.LoadProject(ctx)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(project)
}

// judgeDockerfile has every stage checked. Base images are taken for ones without a configuration: no registry is asked.
func judgeDockerfile(ctx context.Context, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	source := llb.NewSourceMap(nil, file, "Dockerfile", text)
	source.Definition = &llb.Definition{}
	results, err := dockerfile2llb.DockerfileLint(ctx, text, dockerfile2llb.ConvertOpt{
		MetaResolver: bareImages{},
		SourceMap:    source,
	})
	if err != nil {
		return err
	}
	if results.Error != nil {
		return fmt.Errorf("%s: %s", file, results.Error.Message)
	}
	for _, warning := range results.Warnings {
		fmt.Printf("%s: %s\n", warning.RuleName, warning.Detail)
	}
	return nil
}

func listContext(folder string) error {
	file, err := os.Open(filepath.Join(folder, ".dockerignore"))
	if err != nil {
		return err
	}
	defer file.Close()
	patterns, err := ignorefile.ReadAll(file)
	if err != nil {
		return err
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		return err
	}
	return filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		// Too many to look at, and no pattern lets one of them in again.
		if entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git") {
			return filepath.SkipDir
		}
		if entry.IsDir() {
			return nil
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		ignored, err := matcher.MatchesOrParentMatches(name)
		if err == nil && !ignored {
			fmt.Println(name)
		}
		return err
	})
}

type bareImages struct{}

func (bareImages) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	config := []byte(`{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers"}}`)
	return ref, digest.FromBytes(config), config, nil
}
