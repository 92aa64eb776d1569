/** How far each bouncer has read; one that is not known any more gets all anew. */
export interface BouncerPlaces {
  readonly of: (bouncer: string) => { readonly position: number; readonly atUs: number } | null;
  readonly put: (bouncer: string, place: { position: number; atUs: number }) => void;
}

export function createBouncerPlaces(bouncersMax: number): BouncerPlaces {
  const places = new Map<string, { readonly position: number; readonly atUs: number }>();
  return {
    of: (bouncer) => places.get(bouncer) ?? null,
    put: (bouncer, place) => {
      places.delete(bouncer);
      places.set(bouncer, place);
      const [oldest] = places.keys();
      if (places.size > bouncersMax && oldest !== undefined) places.delete(oldest);
    },
  };
}
